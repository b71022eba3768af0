import BLASBackend
import EncoderModel
import GraphBackend
import ReferenceBackend
import TensorCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Somebody who encodes the same mel over and over, timed.
protocol BenchSide: AnyObject {
  var name: String { get }
  /// What it runs on.
  var note: String? { get }
  var isDouble: Bool { get }
  /// Encodes once.
  func encode() throws -> EncodeTime
  /// What its encodes lead to, `[frames, channels]`.
  func output() throws -> Tensor
}

/// What one encode took.
struct EncodeTime {
  var seconds: Double
  /// Of all threads together; `nil` where it was not measured.
  var processorSeconds: Double?
}

/// One of our own encoders, in this process.
final class LiveSide: BenchSide {
  private let backend: any EncoderBackend
  private let mel: Tensor

  init(_ backend: any EncoderBackend, mel: Tensor) {
    self.backend = backend
    self.mel = mel
  }

  var name: String { backend.name }
  var isDouble: Bool { backend.name.hasPrefix("reference") }
  var note: String? {
    switch backend {
    case let graph as GraphBackend: "\(graph.kernelName) kernels"
    case let blas as BLASBackend: "OpenBLAS \(blas.coreName)"
    case let reference as ReferenceBackend: "\(reference.arithmeticName) loops"
    default: nil
    }
  }

  func encode() throws -> EncodeTime {
    let before = processorSeconds()
    let clock = ContinuousClock()
    let start = clock.now
    _ = try backend.encode(mel: mel)
    let seconds = (clock.now - start) / .seconds(1)
    return EncodeTime(seconds: seconds, processorSeconds: processorSeconds() - before)
  }

  func output() throws -> Tensor { try backend.encode(mel: mel) }
}

/// Processor time of all threads of this process.
private func processorSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// The highest memory that this process has had; `nil` where the system does not tell.
func peakMemoryBytes() -> Int? {
  var usage = rusage()
  #if canImport(Glibc)
    guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return nil }
    return usage.ru_maxrss * 1024
  #else
    guard getrusage(RUSAGE_SELF, &usage) == 0 else { return nil }
    return usage.ru_maxrss
  #endif
}
