import EncoderModel
import GraphBackend
import Kernels
import Report
import TensorCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Which models, encoders and numbers of threads a benchmark goes through.
struct BenchPlan {
  /// As `--model` takes them.
  let models: [String]
  let backends: [String]
  let threads: [Int]

  /// - Throws: `UsageError` for what is no list.
  init(_ command: Bench) throws {
    let all = availableProcessorCount()
    let sizes = SyntheticSize.allCases.map { "synthetic:\($0.rawValue)" }
    models =
      !command.model.isEmpty ? command.model : command.scaling ? sizes : ["synthetic:tiny"]
    let names = command.backends.split(separator: ",").map(String.init)
    // Float64 on large models takes longer than anybody waits.
    backends =
      command.scaling && command.backends == "reference,blas,graph" ? ["graph", "blas"] : names
    guard !backends.isEmpty else { throw UsageError("--backends names no backend") }
    guard let list = command.threads else {
      threads = command.scaling && all > 1 ? [1, all] : [all]
      return
    }
    let numbers = list.split(separator: ",").map { Int($0) }
    threads = numbers.compactMap { $0 }
    guard threads.count == numbers.count, !threads.isEmpty,
      threads.allSatisfy({ (1...1024).contains($0) })
    else {
      throw UsageError("--threads takes numbers from 1 to 1024 such as 1,2, not '\(list)'")
    }
  }
}

extension WhisperDimensions {
  /// Seeded noise with the range of a log-mel: speed does not depend on what is said.
  var benchmarkMel: Tensor {
    Tensor.float32([numMelFrames, numMels]) { target in
      for i in target.indices {
        target[i] = Float(
          2 * CounterHash.uniform(seed: 1, stream: 0, counter: UInt64(i)) - 0.5)
      }
    }
  }
}

extension BenchReport.Machine {
  /// This machine, as far as the system describes it.
  static func current() -> BenchReport.Machine {
    BenchReport.Machine(
      processor: processorName() ?? "unknown processor",
      processorCount: availableProcessorCount(),
      instructionSet: GraphBackend.bestKernelName)
  }

  private static func processorName() -> String? {
    guard let file = fopen("/proc/cpuinfo", "r") else { return nil }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 512)
    while fgets(&line, Int32(line.count), file) != nil {
      let text = String(
        decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      guard text.hasPrefix("model name"), let colon = text.firstIndex(of: ":") else { continue }
      return text[text.index(after: colon)...].split(separator: " ").joined(separator: " ")
        .replacing("\n", with: "")
    }
    return nil
  }
}
