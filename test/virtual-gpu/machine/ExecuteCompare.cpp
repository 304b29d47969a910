//===- ExecuteCompare.cpp - setp, set and testp ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Block.h"
#include "Executors.h"

using namespace sinter::vgpu;

namespace {

/// Integers compare as they are, numbers as binary32 or binary64.
template <typename T>
auto comparable(T value) {
  if constexpr (std::is_integral_v<T>)
    return value;
  else
    return toFloat(value);
}

struct Eq {
  template <typename T>
  static bool holds(T a, T b) {
    return a == b;
  }
};
struct Ne {
  template <typename T>
  static bool holds(T a, T b) {
    return a == a && b == b && a != b;
  }
};
struct Lt {
  template <typename T>
  static bool holds(T a, T b) {
    return a < b;
  }
};
struct Le {
  template <typename T>
  static bool holds(T a, T b) {
    return a <= b;
  }
};
struct Gt {
  template <typename T>
  static bool holds(T a, T b) {
    return a > b;
  }
};
struct Ge {
  template <typename T>
  static bool holds(T a, T b) {
    return a >= b;
  }
};
// With a `u`: true when an operand is a NaN.
struct Equ {
  template <typename T>
  static bool holds(T a, T b) {
    return !(a < b) && !(a > b);
  }
};
struct Neu {
  template <typename T>
  static bool holds(T a, T b) {
    return a != b;
  }
};
struct Ltu {
  template <typename T>
  static bool holds(T a, T b) {
    return !(a >= b);
  }
};
struct Leu {
  template <typename T>
  static bool holds(T a, T b) {
    return !(a > b);
  }
};
struct Gtu {
  template <typename T>
  static bool holds(T a, T b) {
    return !(a <= b);
  }
};
struct Geu {
  template <typename T>
  static bool holds(T a, T b) {
    return !(a < b);
  }
};
struct Num {
  template <typename T>
  static bool holds(T a, T b) {
    return a == a && b == b;
  }
};
struct Nan {
  template <typename T>
  static bool holds(T a, T b) {
    return a != a || b != b;
  }
};

void setPredicate(Warp &warp, const Slot &slot, uint32_t value, uint32_t mask) {
  if (!slot)
    return;
  uint32_t &bits = *warp.lanes<uint32_t>(slot);
  bits = (bits & ~mask) | (value & mask);
}

/// Combines with c and writes the result, in the form that `flags` asks for.
void finish(Warp &warp, const Inst &inst, uint32_t holds, uint32_t mask) {
  uint32_t combine = inst.flags & kCombineMask;
  uint32_t other = ~holds;
  if (combine) {
    uint32_t c = warp.predicate(inst.c);
    if (inst.flags & kNegateC)
      c = ~c;
    auto join = [&](uint32_t value) {
      return combine == kCombineAnd  ? value & c
             : combine == kCombineOr ? value | c
                                     : value ^ c;
    };
    holds = join(holds);
    other = join(other);
  }
  uint32_t result = inst.flags & kResultMask;
  if (result == kResultPredicate) {
    setPredicate(warp, inst.dst, holds, mask);
  } else {
    uint32_t values[kLanes];
    uint32_t one = result == kResultOnes ? ~0u : bitCast<uint32_t>(1.0f);
    for (uint32_t lane = 0; lane < kLanes; ++lane)
      values[lane] = holds >> lane & 1 ? one : 0;
    keep(warp.lanes<uint32_t>(inst.dst), values, mask);
  }
  warp.propagate(inst, mask);
  if (inst.count == 2) {
    Inst second = inst;
    second.dst = warp.block->program().slots[inst.extra];
    setPredicate(warp, second.dst, other, mask);
    warp.propagate(second, mask);
  }
}

template <typename Op, typename T>
void compare(Warp &warp, const Inst &inst, uint32_t mask) {
  const auto *a = warp.lanes<Stored<T>>(inst.a);
  const auto *b = warp.lanes<Stored<T>>(inst.b);
  uint32_t holds = 0;
  for (uint32_t lane = 0; lane < kLanes; ++lane)
    holds |=
        static_cast<uint32_t>(Op::holds(comparable(fromStored<T>(a[lane])),
                                        comparable(fromStored<T>(b[lane]))))
        << lane;
  finish(warp, inst, holds, mask);
}

template <typename Op>
Execute ofType(Type type) {
  switch (type) {
  case Type::U16:
    return compare<Op, uint16_t>;
  case Type::S16:
    return compare<Op, int16_t>;
  case Type::U32:
    return compare<Op, uint32_t>;
  case Type::S32:
    return compare<Op, int32_t>;
  case Type::U64:
    return compare<Op, uint64_t>;
  case Type::S64:
    return compare<Op, int64_t>;
  case Type::F16:
    return compare<Op, Half>;
  case Type::BF16:
    return compare<Op, Bfloat>;
  case Type::F32:
    return compare<Op, float>;
  case Type::F64:
    return compare<Op, double>;
  default:
    return nullptr;
  }
}

template <int property, typename T>
void classTest(Warp &warp, const Inst &inst, uint32_t mask) {
  const auto *a = warp.lanes<Stored<T>>(inst.a);
  uint32_t holds = 0;
  for (uint32_t lane = 0; lane < kLanes; ++lane) {
    int kind = std::fpclassify(fromStored<T>(a[lane]));
    bool is = property == 0   ? kind != FP_INFINITE && kind != FP_NAN
              : property == 1 ? kind == FP_INFINITE
              : property == 2 ? kind != FP_NAN
              : property == 3 ? kind == FP_NAN
              : property == 4 ? kind == FP_NORMAL || kind == FP_ZERO
                              : kind == FP_SUBNORMAL;
    holds |= static_cast<uint32_t>(is) << lane;
  }
  finish(warp, inst, holds, mask);
}

template <int property>
Execute classOfType(Type type) {
  return type == Type::F32   ? classTest<property, float>
         : type == Type::F64 ? classTest<property, double>
                             : nullptr;
}

} // namespace

Execute sinter::vgpu::findCompare(std::string_view comparison, Type type) {
  using Find = Execute (*)(Type);
  // lo, ls, hi, hs are the unsigned ones by another name.
  static const std::map<std::string_view, Find> table = {
      {"eq", ofType<Eq>},   {"ne", ofType<Ne>},   {"lt", ofType<Lt>},
      {"le", ofType<Le>},   {"gt", ofType<Gt>},   {"ge", ofType<Ge>},
      {"lo", ofType<Lt>},   {"ls", ofType<Le>},   {"hi", ofType<Gt>},
      {"hs", ofType<Ge>},   {"equ", ofType<Equ>}, {"neu", ofType<Neu>},
      {"ltu", ofType<Ltu>}, {"leu", ofType<Leu>}, {"gtu", ofType<Gtu>},
      {"geu", ofType<Geu>}, {"num", ofType<Num>}, {"nan", ofType<Nan>}};
  auto it = table.find(comparison);
  return it == table.end() ? nullptr : it->second(type);
}

Execute sinter::vgpu::findClassTest(std::string_view property, Type type) {
  using Find = Execute (*)(Type);
  static const std::map<std::string_view, Find> table = {
      {"finite", classOfType<0>}, {"infinite", classOfType<1>},
      {"number", classOfType<2>}, {"notanumber", classOfType<3>},
      {"normal", classOfType<4>}, {"subnormal", classOfType<5>}};
  auto it = table.find(property);
  return it == table.end() ? nullptr : it->second(type);
}
