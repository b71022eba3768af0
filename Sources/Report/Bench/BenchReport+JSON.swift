package import TensorIO

extension BenchReport {
  /// `encoder-diff.bench/1`; `peakGflops` is that of the group with the most threads.
  package var json: JSONValue {
    let peak = groups.max { $0.threads < $1.threads }?.peakGflops
    return .members([
      "schema": .string("encoder-diff.bench/1"),
      "machine": .members([
        "processor": .string(machine.processor),
        "processorCount": .integer(machine.processorCount),
        "instructionSet": .string(machine.instructionSet),
      ]),
      "runs": .integer(numRuns),
      "peakGflops": .figure(peak),
      "results": .array(groups.flatMap { group in group.results.map { group.json($0) } }),
      "profiles": .array(groups.filter { !$0.profile.isEmpty }.map(\.profileJSON)),
      "comparison": comparison?.json ?? .null,
      "notes": .array(notes.map { .string($0) }),
    ])
  }
}

extension ComparisonSpeed {
  fileprivate var json: JSONValue {
    .members([
      "shape": .array(shape.map { .integer($0) }), "ms": seconds.milliseconds,
      "gigabytesPerSecond": .figure(bandwidth),
    ])
  }
}

extension BenchGroup {
  fileprivate func json(_ result: BenchResult) -> JSONValue {
    .members([
      "backend": .string(result.backend),
      "note": .text(result.note),
      "model": .string(model),
      "threads": .integer(threads),
      "encodeMs": result.seconds.milliseconds,
      "processorMs": result.processorSeconds?.milliseconds ?? .null,
      "gflop": .figure(flops * 1e-9),
      "gflops": .figure(gflops(result)),
      "peakGflops": .figure(peakGflops),
      "fractionOfPeak": .figure(fractionOfPeak(result)),
      "fractionOfPeakByProcessorTime": .figure(fractionByProcessorTime(result)),
      "peakRSSBytes": result.peakRSSBytes.map { .integer($0) } ?? .null,
      "relativeL2": .figure(result.relativeL2),
      "maxAbs": .figure(result.maxAbs),
    ])
  }

  fileprivate var profileJSON: JSONValue {
    let rows = profile.map { row -> JSONValue in
      .members([
        "step": .string(row.name), "kind": .string(row.kind),
        "count": .integer(row.count), "ms": .figure(row.seconds * 1e3),
        "gflop": .figure(row.flops * 1e-9),
        "gflops": row.flops > 0 ? .figure(row.flops / max(row.seconds, 1e-12) * 1e-9) : .null,
        "bytes": .figure(row.bytes),
      ])
    }
    return .members([
      "backend": .string("graph"), "model": .string(model), "threads": .integer(threads),
      "steps": .array(rows),
    ])
  }
}

extension Spread {
  fileprivate var milliseconds: JSONValue {
    .members([
      "min": .figure(min * 1e3), "median": .figure(median * 1e3), "p95": .figure(p95 * 1e3),
    ])
  }
}
