/// The reference gives the same bits on any number of threads and whatever is observed.
import EncoderModel
import ReferenceBackend
import TensorCore
import Testing

@Suite("Bits of the reference")
struct DeterminismTests {
  let program = EncoderProgram.whisper(oddDimensions)
  let weights = SyntheticWeights(dimensions: oddDimensions, seed: 5)
  let mel = noise([oddDimensions.numMelFrames, oddDimensions.numMels])

  private func taps(
    _ precision: ReferenceBackend.Precision, threads: Int, observing taps: Set<String>
  ) throws -> [String: UInt64] {
    let backend = ReferenceBackend(
      program: program, weights: weights, precision: precision, threads: threads)
    var values: [String: UInt64] = [:]
    let output = try backend.encode(mel: mel, observing: taps) { name, value in
      #expect(value.scalarType == (name == "mel" ? .float32 : backend.scalarType))
      #expect(values.updateValue(fingerprint(value), forKey: name) == nil)
    }
    values["output"] = fingerprint(output)
    return values
  }

  @Test("thread counts", arguments: [ReferenceBackend.Precision.float64, .float32])
  func threads(_ precision: ReferenceBackend.Precision) throws {
    let all = Set(program.tapNames)
    let one = try taps(precision, threads: 1, observing: all)
    #expect(one.count == all.count + 1)
    for threads in [2, 3, 8] {
      #expect(try taps(precision, threads: threads, observing: all) == one)
    }
  }

  @Test("observation", arguments: [ReferenceBackend.Precision.float64, .float32])
  func observation(_ precision: ReferenceBackend.Precision) throws {
    let all = try taps(precision, threads: 2, observing: Set(program.tapNames))
    let withoutMaps = Set(TapSelection.operations.names(in: program))
    for (name, value) in try taps(precision, threads: 2, observing: withoutMaps) {
      #expect(all[name] == value, "\(name)")
    }
    #expect(try taps(precision, threads: 2, observing: [])["output"] == all["output"])
  }

  @Test("Float32 results are Float64 ones rounded, at the first operation")
  func rounding() throws {
    var results: [[Double]] = []
    for precision in [ReferenceBackend.Precision.float64, .float32] {
      let backend = ReferenceBackend(program: program, weights: weights, precision: precision)
      _ = try backend.run(.stem, input: mel, observing: ["encoder.conv1"]) { _, value in
        results.append(value.float64Array)
      }
    }
    #expect(results.count == 2 && results[0] != results[1])
    #expect(results[0].map { Double(Float($0)) } == results[1])
  }
}
