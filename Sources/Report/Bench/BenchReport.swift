/// How fast encoders are, as ratios within one run.
package struct BenchReport: Sendable {
  /// What the figures hold for.
  package struct Machine: Sendable {
    package var processor: String
    package var processorCount: Int
    /// The widest instruction set that the kernels use.
    package var instructionSet: String

    package init(processor: String, processorCount: Int, instructionSet: String) {
      self.processor = processor
      self.processorCount = processorCount
      self.instructionSet = instructionSet
    }
  }

  package var machine: Machine
  /// Timed runs of each encoder.
  package var numRuns: Int
  package var groups: [BenchGroup]
  /// How long it takes to compare two tensors.
  package var comparison: ComparisonSpeed?
  /// What could not be measured, and why; and what else readers should know.
  package var notes: [String] = []

  package init(machine: Machine, numRuns: Int, groups: [BenchGroup], notes: [String] = []) {
    self.machine = machine
    self.numRuns = numRuns
    self.groups = groups
    self.notes = notes
  }
}

/// What all figures of two Float32 tensors cost, on every processor there is.
package struct ComparisonSpeed: Sendable {
  package var shape: [Int]
  package var seconds: Spread

  package init(shape: [Int], seconds: Spread) {
    self.shape = shape
    self.seconds = seconds
  }

  /// Both tensors read once, by the median, in GB/s.
  package var bandwidth: Double {
    Double(2 * 4 * shape.reduce(1, *)) / max(seconds.median, 1e-12) * 1e-9
  }
}

/// Encoders that ran by turns: one model, one number of threads.
package struct BenchGroup: Sendable {
  package var model: String
  package var threads: Int
  /// Floating-point operations of one encode's products.
  package var flops: Double
  /// Multiply-add peak in Float32, measured between the encodes: the median of its rounds.
  package var peakGflops: Double
  /// The same for one core, per second that it really ran.
  package var peakGflopsPerCore: Double
  package var results: [BenchResult] = []
  package var profile: [ProfileRow] = []

  package init(
    model: String, threads: Int, flops: Double, peakGflops: Double, peakGflopsPerCore: Double
  ) {
    self.model = model
    self.threads = threads
    self.flops = flops
    self.peakGflops = peakGflops
    self.peakGflopsPerCore = peakGflopsPerCore
  }

  /// GFLOP/s of an encoder, by the median of its runs.
  package func gflops(_ result: BenchResult) -> Double {
    flops / max(result.seconds.median, 1e-12) * 1e-9
  }

  /// Of the peak in the encoder's own element type.
  package func fractionOfPeak(_ result: BenchResult) -> Double {
    gflops(result) / (peakGflops * (result.isDouble ? 0.5 : 1))
  }

  /// The same by processor time: what is left of it where other programs take turns on the cores.
  package func fractionByProcessorTime(_ result: BenchResult) -> Double? {
    result.processorSeconds.map {
      flops / max($0.median, 1e-12) * 1e-9 / (peakGflopsPerCore * (result.isDouble ? 0.5 : 1))
    }
  }
}

/// One encoder's figures.
package struct BenchResult: Sendable {
  package var backend: String
  /// What it runs on: kernels, versions.
  package var note: String?
  /// Whether it computes in Float64, whose peak is half of Float32's.
  package var isDouble: Bool
  package var seconds: Spread
  /// Processor time of all its threads; `nil` where it was not measured.
  package var processorSeconds: Spread?
  /// Peak memory of a process that runs nothing else.
  package var peakRSSBytes: Int?
  /// Distance of its output from the Float64 reference.
  package var relativeL2: Double?
  package var maxAbs: Double?

  package init(
    backend: String, note: String?, isDouble: Bool, seconds: Spread, processorSeconds: Spread?
  ) {
    self.backend = backend
    self.note = note
    self.isDouble = isDouble
    self.seconds = seconds
    self.processorSeconds = processorSeconds
  }
}

/// Samples, summed up.
package struct Spread: Sendable, Equatable {
  package var min: Double
  package var median: Double
  /// The smallest sample that 95 of 100 do not exceed.
  package var p95: Double

  /// - Precondition: there are samples.
  package init(_ samples: [Double]) {
    precondition(!samples.isEmpty, "nothing was measured")
    let sorted = samples.sorted()
    let middle = sorted.count / 2
    min = sorted[0]
    median = sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    p95 = sorted[(sorted.count * 95 + 99) / 100 - 1]
  }
}

/// What one kind of step costs, over all blocks.
package struct ProfileRow: Sendable {
  /// The value computed, `*` for the block's number.
  package var name: String
  package var kind: String
  package var count: Int
  package var seconds: Double
  package var flops: Double
  package var bytes: Double

  package init(
    name: String, kind: String, count: Int, seconds: Double, flops: Double, bytes: Double
  ) {
    self.name = name
    self.kind = kind
    self.count = count
    self.seconds = seconds
    self.flops = flops
    self.bytes = bytes
  }
}
