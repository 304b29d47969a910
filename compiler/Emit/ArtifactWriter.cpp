//===- ArtifactWriter.cpp - objects and weights to one file ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The order of the parts is that of core/format.h. The manifest holds hashes of
// all the others and their places, and the section headers hold the place of
// the manifest: its length is therefore found first, with empty hashes.
//
//===----------------------------------------------------------------------===//

#include "compiler/Emit/ArtifactWriter.h"
#include "compiler/Emit/ImageFile.h"
#include "compiler/Emit/Linker.h"
#include "compiler/Emit/ManifestBuilder.h"
#include "compiler/Emit/OutputFile.h"
#include "core/artifact.h"
#include "core/hash.h"
#include "core/image.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"
#include <algorithm>
#include <cstring>

using namespace sinter::emit;

char ArtifactError::ID = 0;

void ArtifactError::log(llvm::raw_ostream &os) const { os << message; }

std::error_code ArtifactError::convertToErrorCode() const {
  return llvm::inconvertibleErrorCode();
}

static llvm::Error failInternally(const llvm::Twine &message) {
  return llvm::make_error<ArtifactError>(ArtifactError::Kind::Internal,
                                         message.str());
}

namespace {

/// Appends the weights section to a file and hashes its leaves on the way.
class WeightsStream {
public:
  WeightsStream(OutputFile &file, std::vector<uint8_t> &hashes)
      : file(file), hashes(hashes), begin(file.getOffset()) {}

  llvm::Error write(llvm::ArrayRef<uint8_t> bytes) {
    while (!bytes.empty()) {
      size_t count =
          std::min<size_t>(bytes.size(), SINTER_LEAF_BYTES - leaf.size());
      leaf.insert(leaf.end(), bytes.begin(), bytes.begin() + count);
      bytes = bytes.drop_front(count);
      if (leaf.size() == SINTER_LEAF_BYTES)
        if (llvm::Error error = finish())
          return error;
    }
    return llvm::Error::success();
  }

  /// Appends zeros up to `offset` of the section.
  llvm::Error padTo(uint64_t offset) {
    std::vector<uint8_t> zeros(
        std::min<uint64_t>(offset - getOffset(), SINTER_LEAF_BYTES));
    while (getOffset() < offset)
      if (llvm::Error error = write(llvm::ArrayRef(zeros).take_front(
              std::min<uint64_t>(zeros.size(), offset - getOffset()))))
        return error;
    return llvm::Error::success();
  }

  /// Ends the leaf that is not full.
  llvm::Error finish() {
    if (leaf.empty())
      return llvm::Error::success();
    hashes.resize(hashes.size() + SINTER_HASH_BYTES);
    sinter_hash(leaf.data(), leaf.size(),
                hashes.data() + hashes.size() - SINTER_HASH_BYTES);
    llvm::Error error = file.write(leaf);
    leaf.clear();
    return error;
  }

  uint64_t getOffset() const { return file.getOffset() - begin + leaf.size(); }

private:
  OutputFile &file;
  std::vector<uint8_t> &hashes;
  uint64_t begin;
  std::vector<uint8_t> leaf;
};

} // namespace

/// The weights in the order of their places. Fails where they overlap.
static llvm::Expected<std::vector<const WeightSpec *>>
sortWeights(llvm::ArrayRef<WeightSpec> weights) {
  std::vector<const WeightSpec *> sorted;
  for (const WeightSpec &weight : weights)
    if (weight.bytes)
      sorted.push_back(&weight);
  llvm::sort(sorted, [](const WeightSpec *a, const WeightSpec *b) {
    return a->offset < b->offset;
  });
  uint64_t end = 0;
  for (const WeightSpec *weight : sorted) {
    if (weight->offset < end || weight->offset % 64)
      return failInternally("the weight at offset " +
                            llvm::Twine(weight->offset) +
                            " overlaps another one or is not aligned");
    end = weight->offset + weight->bytes;
  }
  return std::move(sorted);
}

static llvm::Error writeWeights(llvm::ArrayRef<const WeightSpec *> weights,
                                uint64_t total, const ArtifactSpec &spec,
                                OutputFile &file,
                                std::vector<uint8_t> &hashes) {
  WeightsStream stream(file, hashes);
  for (const WeightSpec *weight : weights) {
    std::vector<uint8_t> bytes(weight->bytes);
    if (llvm::Error error = weight->fill(bytes))
      return error;
    if (llvm::Error error = stream.padTo(weight->offset))
      return error;
    if (llvm::Error error = stream.write(bytes))
      return error;
    if (spec.progress)
      spec.progress(stream.getOffset(), total);
  }
  return stream.finish();
}

static std::string makeSeal(llvm::StringRef manifest, uint64_t manifestOffset,
                            uint64_t sealOffset) {
  sinter_seal_t seal = {};
  std::memcpy(seal.magic, SINTER_SEAL_MAGIC, SINTER_SEAL_MAGIC_BYTES);
  seal.version = SINTER_FORMAT_VERSION;
  seal.manifest_offset = manifestOffset;
  seal.manifest_bytes = manifest.size();
  sinter_hash(manifest.data(), manifest.size(), seal.manifest_hash);
  seal.file_bytes = sealOffset + sizeof seal;
  return std::string(reinterpret_cast<const char *>(&seal), sizeof seal);
}

static Hash makeHash(llvm::StringRef data) {
  Hash hash;
  sinter_hash(data.data(), data.size(), hash.data());
  return hash;
}

static std::vector<std::string> padModules(const DeviceSpec &device) {
  std::vector<std::string> modules;
  for (const DeviceModuleSpec &module : device.modules)
    modules.push_back(padModule(module.code));
  return modules;
}

/// What ELF tools see of the parts that are not code; the manifest last, its
/// place not yet known.
static std::vector<DataSection> nameSections(const Places &places) {
  std::vector<DataSection> sections;
  sections.push_back({".sinter.weights", places.weights, SINTER_WEIGHTS_ALIGN});
  if (places.device.bytes)
    sections.push_back({".sinter.device", places.device, SINTER_DEVICE_ALIGN});
  sections.push_back({".sinter.manifest", {}, 8});
  return sections;
}

/// Opens what was written with the loader's own code, as far as that goes
/// without running it: what passes here opens on any processor that has a
/// variant.
static llvm::Error checkFile(const OutputFile &file, const ManifestSpec &spec) {
  sinter_error_t error = {};
  sinter_source_t source = {file.getDescriptor(), nullptr, file.getOffset(),
                            file.getPath().data()};
  sinter_artifact_t artifact;
  sinter_image_t image;
  sinter_status_t status = sinter_artifact_read(&source, &artifact, &error);
  if (!status) {
    sinter_image_promise_t promise = {artifact.manifest.root_address,
                                      spec.variants.size(),
                                      spec.kernels.size()};
    status = sinter_image_load(artifact.image, artifact.manifest.image.bytes,
                               &promise, &image, &error);
    if (!status)
      sinter_image_unload(&image);
    sinter_artifact_free(&artifact);
  }
  if (status)
    return failInternally(llvm::Twine("the loader refuses what was written: ") +
                          error.message);
  return llvm::Error::success();
}

llvm::Expected<ArtifactInfo>
sinter::emit::writeArtifact(llvm::StringRef path, const ArtifactSpec &spec) {
  auto file = OutputFile::create(path);
  if (!file)
    return file.takeError();
  auto weights = sortWeights(spec.weights);
  if (!weights)
    return weights.takeError();
  auto linked = linkObjects(spec.objects);
  if (!linked)
    return linked.takeError();
  auto image = ImageFile::create((*linked)->getBuffer());
  if (!image)
    return image.takeError();

  // 1. Every place, from lengths that are known by now.
  Places places;
  places.rootAddress = image->getRootAddress();
  places.image = {0, image->getImage().size()};
  places.weights.offset =
      llvm::alignTo(places.image.bytes, SINTER_WEIGHTS_ALIGN);
  if (!weights->empty())
    places.weights.bytes = weights->back()->offset + weights->back()->bytes;
  uint64_t dataEnd = places.weights.offset + places.weights.bytes;
  std::vector<std::string> modules = padModules(spec.manifest.device);
  if (!modules.empty()) {
    places.device.offset = llvm::alignTo(dataEnd, SINTER_DEVICE_ALIGN);
    for (const std::string &module : modules) {
      places.device.bytes += module.size();
      places.moduleHashes.push_back(makeHash(module));
    }
    dataEnd = places.device.offset + places.device.bytes;
  }
  std::vector<DataSection> sections = nameSections(places);
  places.tail = {llvm::alignTo(dataEnd, 8), image->getTailBytes(sections)};
  places.weightsHashes.resize(countLeaves(places.weights.bytes) *
                              SINTER_HASH_BYTES);
  Range manifestPlace = {
      llvm::alignTo(places.tail.offset + places.tail.bytes, 8),
      buildManifest(spec.manifest, places).size()};
  sections.back().place = manifestPlace;
  std::string tail = image->makeTail(places.tail.offset, sections);

  // 2. The parts, in order.
  places.imageHash = makeHash(image->getImage());
  places.tailHash = makeHash(tail);
  places.weightsHashes.clear();
  if (llvm::Error error = file->write(image->getImage()))
    return std::move(error);
  if (llvm::Error error = file->padTo(places.weights.offset))
    return std::move(error);
  if (llvm::Error error = writeWeights(*weights, places.weights.bytes, spec,
                                       *file, places.weightsHashes))
    return std::move(error);
  if (!modules.empty())
    if (llvm::Error error = file->padTo(places.device.offset))
      return std::move(error);
  for (const std::string &module : modules)
    if (llvm::Error error = file->write(module))
      return std::move(error);
  if (llvm::Error error = file->padTo(places.tail.offset))
    return std::move(error);
  if (llvm::Error error = file->write(tail))
    return std::move(error);

  // 3. Manifest and seal.
  std::string manifest = buildManifest(spec.manifest, places);
  uint64_t sealOffset =
      llvm::alignTo(manifestPlace.offset + manifest.size(), 8);
  if (llvm::Error error = file->padTo(manifestPlace.offset))
    return std::move(error);
  if (llvm::Error error = file->write(manifest))
    return std::move(error);
  if (llvm::Error error = file->padTo(sealOffset))
    return std::move(error);
  if (llvm::Error error = file->write(llvm::StringRef(
          makeSeal(manifest, manifestPlace.offset, sealOffset))))
    return std::move(error);

  // 4. Only what the loader takes gets its name.
  if (manifest.size() != manifestPlace.bytes)
    return failInternally("the manifest changed its length");
  if (llvm::Error error = checkFile(*file, spec.manifest))
    return std::move(error);
  ArtifactInfo info = {file->getOffset(), places.weights.bytes,
                       places.image.bytes, places.device.bytes};
  if (llvm::Error error = file->commit())
    return std::move(error);
  return info;
}
