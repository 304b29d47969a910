//===- DriverStream.cpp - streams, events, graphs -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Driver.h"

using namespace sinter::vgpu;
using namespace sinter::vgpu::abi;

//===- Streams ------------------------------------------------------------===//

SINTER_VGPU_API cuStreamCreate(CUstream *handle, unsigned flags) {
  return inContext([&](Driver &, Context &context) {
    auto *stream = new Stream;
    stream->context = &context;
    stream->isNonBlocking = flags & CU_STREAM_NON_BLOCKING;
    context.streams.insert(stream);
    *handle = stream;
    return CUDA_SUCCESS;
  });
}

SINTER_VGPU_API cuStreamCreateWithPriority(CUstream *handle, unsigned flags,
                                           int) {
  return cuStreamCreate(handle, flags);
}

SINTER_VGPU_API cuStreamDestroy_v2(CUstream handle) {
  return inContext([&](Driver &driver, Context &context) {
    if (!context.streams.count(handle))
      return CUDA_ERROR_INVALID_HANDLE;
    CUresult result = driver.finish(context, *handle);
    for (Event *event : context.events)
      if (event->stream == handle)
        event->stream = nullptr;
    context.streams.erase(handle);
    delete handle;
    return result;
  });
}

SINTER_VGPU_API cuStreamSynchronize(CUstream handle) {
  return onStream(handle, [](Driver &driver, Context &context, Stream &stream) {
    if (stream.capture)
      return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
    return driver.finish(context, stream);
  });
}

SINTER_VGPU_API cuStreamQuery(CUstream handle) {
  return onStream(handle, [](Driver &driver, Context &context, Stream &stream) {
    // One piece of work each time, so that a host that asks on and on ends.
    bool wasBusy = driver.step(context, stream);
    if (context.error != CUDA_SUCCESS)
      return context.error;
    return wasBusy ? CUDA_ERROR_NOT_READY : CUDA_SUCCESS;
  });
}

SINTER_VGPU_API cuStreamWaitEvent(CUstream handle, CUevent event, unsigned) {
  return onStream(
      handle, [&](Driver &driver, Context &context, Stream &stream) {
        if (!context.events.count(event))
          return CUDA_ERROR_INVALID_HANDLE;
        // What is captured is one list in order: the event comes before.
        if (stream.capture)
          return CUDA_SUCCESS;
        uint64_t number = event->recorded;
        Driver *by = &driver;
        Context *at = &context;
        return driver.submit(context, &stream, [=] {
          return at->events.count(event) ? by->complete(*at, *event, number)
                                         : CUDA_SUCCESS;
        });
      });
}

//===- Events -------------------------------------------------------------===//

SINTER_VGPU_API cuEventCreate(CUevent *event, unsigned) {
  return inContext([&](Driver &, Context &context) {
    *event = new Event;
    context.events.insert(*event);
    return CUDA_SUCCESS;
  });
}

SINTER_VGPU_API cuEventDestroy_v2(CUevent event) {
  return inContext([&](Driver &, Context &context) {
    if (!context.events.erase(event))
      return CUDA_ERROR_INVALID_HANDLE;
    delete event;
    return CUDA_SUCCESS;
  });
}

SINTER_VGPU_API cuEventRecord(CUevent event, CUstream handle) {
  return onStream(handle,
                  [&](Driver &driver, Context &context, Stream &stream) {
                    if (!context.events.count(event))
                      return CUDA_ERROR_INVALID_HANDLE;
                    if (stream.capture)
                      return CUDA_SUCCESS;
                    event->stream = &stream;
                    uint64_t number = ++event->recorded;
                    Context *at = &context;
                    return driver.submit(context, &stream, [=] {
                      if (at->events.count(event)) {
                        event->completed = number;
                        event->time = std::chrono::steady_clock::now();
                      }
                      return CUDA_SUCCESS;
                    });
                  });
}

SINTER_VGPU_API cuEventSynchronize(CUevent event) {
  return inContext([&](Driver &driver, Context &context) {
    if (!context.events.count(event))
      return CUDA_ERROR_INVALID_HANDLE;
    return driver.complete(context, *event, event->recorded);
  });
}

SINTER_VGPU_API cuEventQuery(CUevent event) {
  return inContext([&](Driver &driver, Context &context) {
    if (!context.events.count(event))
      return CUDA_ERROR_INVALID_HANDLE;
    if (event->completed >= event->recorded)
      return CUDA_SUCCESS;
    if (event->stream)
      driver.step(context, *event->stream);
    return context.error != CUDA_SUCCESS ? context.error : CUDA_ERROR_NOT_READY;
  });
}

SINTER_VGPU_API cuEventElapsedTime(float *milliseconds, CUevent start,
                                   CUevent end) {
  return inContext([&](Driver &, Context &context) {
    if (!context.events.count(start) || !context.events.count(end) ||
        !start->recorded || !end->recorded)
      return CUDA_ERROR_INVALID_HANDLE;
    if (start->completed < start->recorded || end->completed < end->recorded)
      return CUDA_ERROR_NOT_READY;
    std::chrono::duration<float, std::milli> time = end->time - start->time;
    *milliseconds = time.count();
    return CUDA_SUCCESS;
  });
}

//===- Graphs -------------------------------------------------------------===//

SINTER_VGPU_API cuStreamBeginCapture_v2(CUstream handle, int) {
  return onStream(handle, [](Driver &, Context &context, Stream &stream) {
    if (&stream == &context.legacy)
      return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
    if (stream.capture)
      return CUDA_ERROR_INVALID_VALUE;
    stream.capture = std::make_unique<Graph>();
    return CUDA_SUCCESS;
  });
}

SINTER_VGPU_API cuStreamEndCapture(CUstream handle, CUgraph *graph) {
  return onStream(handle, [&](Driver &, Context &, Stream &stream) {
    if (!stream.capture)
      return CUDA_ERROR_INVALID_VALUE;
    *graph = stream.capture.release();
    return CUDA_SUCCESS;
  });
}

SINTER_VGPU_API cuStreamIsCapturing(CUstream handle, int *status) {
  return onStream(handle, [&](Driver &, Context &, Stream &stream) {
    *status = stream.capture ? 1 : 0;
    return CUDA_SUCCESS;
  });
}

SINTER_VGPU_API cuGraphInstantiateWithFlags(CUgraphExec *exec, CUgraph graph,
                                            unsigned long long) {
  return inContext([&](Driver &, Context &) {
    *exec = new GraphExec{graph->operations};
    return CUDA_SUCCESS;
  });
}

SINTER_VGPU_API cuGraphLaunch(CUgraphExec exec, CUstream handle) {
  return onStream(
      handle, [&](Driver &driver, Context &context, Stream &stream) {
        for (const Operation &operation : exec->operations) {
          CUresult result = driver.submit(context, &stream, operation);
          if (result != CUDA_SUCCESS)
            return result;
        }
        return CUDA_SUCCESS;
      });
}

SINTER_VGPU_API cuGraphExecDestroy(CUgraphExec exec) {
  return guarded([&](Driver &) {
    delete exec;
    return CUDA_SUCCESS;
  });
}

SINTER_VGPU_API cuGraphDestroy(CUgraph graph) {
  return guarded([&](Driver &) {
    delete graph;
    return CUDA_SUCCESS;
  });
}
