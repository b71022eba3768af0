import Diagnosis
import EncoderModel
import ForeignDumps
import Foundation
import TensorCore
import TensorIO

/// Another implementation that runs when it is asked for taps: its command, and the dumps it writes.
final class LiveImplementation {
  private let command: ExternalCommand
  private let mapping: DumpMapping?
  private let bench: Workbench
  private let mel: Tensor
  private let progress: Progress
  private let allowMissing: Bool
  private let folder: URL
  private let interruption: Interruption
  private var samples: ReferenceSamples?
  private var numRuns = 0

  /// Writes the mel into a temporary folder, which stands until `remove`.
  /// - Throws: `UsageError` for a command that cannot work; what keeps the folder from being written.
  init(
    _ command: ExternalCommand, mapping: DumpMapping? = nil, bench: Workbench, mel: Tensor,
    progress: Progress,
    allowMissing: Bool
  ) throws {
    guard command.template.contains(where: { !$0.isWhitespace }) else {
      throw UsageError("--command is empty; 'encoder-diff bisect --help' shows an example")
    }
    let missing = command.missingPlaceholders(["dump", "taps"])
    guard missing.isEmpty else {
      throw UsageError(
        "--command lacks \(missing.map { "{\($0)}" }.joined(separator: " and ")); "
          + "'encoder-diff bisect --help' shows an example")
    }
    if let program = command.findUnknownProgram() {
      throw UsageError(
        "--command: there is no program '\(program)' that could be run; check its path")
    }
    self.command = command
    self.mapping = mapping
    self.bench = bench
    self.mel = mel
    self.progress = progress
    self.allowMissing = allowMissing
    folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("encoder-diff-\(UUID().uuidString)")
    interruption = Interruption()
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try writeNpy(mel, to: folder.appendingPathComponent("mel.npy").path)
    } catch {
      remove()
      throw error
    }
  }

  /// Takes the temporary folder away.
  func remove() {
    try? FileManager.default.removeItem(at: folder)
    interruption.end()
  }

  /// Runs the command and reads the taps that it gives, those that were not asked for too where
  /// their names tell what they are.
  /// - Throws: `UsageError`, `ExternalCommandError`; what is wrong with a tensor's bytes.
  func ask(_ taps: [String]) throws -> [String: Tensor] {
    let path = folder.appendingPathComponent("taps-\(numRuns).npz").path
    progress.note("asking for \(taps.joined(separator: ", "))")
    let values = [
      "mel": folder.appendingPathComponent("mel.npy").path, "dump": path,
      "taps": taps.joined(separator: ","),
    ]
    var numFailures = 0
    try command.run(values, isInterrupted: { self.interruption.isAsked }) { error in
      numFailures += 1
      Console.note("\(error); trying again (\(numFailures) of \(self.command.retries))\n")
      // Half a dump of a failed attempt must not pass for the next one's.
      try? FileManager.default.removeItem(atPath: path)
    }
    defer { numRuns += 1 }
    let given = try read(path, taps)
    if interruption.isAsked { throw UsageError("interrupted") }
    return given
  }

  private func read(_ path: String, _ taps: [String]) throws -> [String: Tensor] {
    guard let source = try open(path) else { return [:] }
    let known = try samples ?? bench.referenceSamples(mel, upTo: .max, progress)
    samples = known
    progress.clear()
    let program = bench.model.program
    let lone = taps.count == 1 ? taps[0] : EncoderStage.lnPost.outputTap
    let aligned: AlignedDump
    do {
      aligned = try DumpAligner(
        program: program, reference: known, mapping: mapping, loneTap: lone
      ).align(source)
    } catch {
      throw trouble(error)
    }
    var values: [String: Tensor] = [:]
    for alignment in aligned.alignments where alignment.tap != "mel" {
      let isMap = program.node(named: alignment.tap)?.isAttentionMap ?? true
      guard taps.contains(alignment.tap) || [.name, .mapping].contains(alignment.means) && !isMap
      else { continue }
      do {
        values[alignment.tap] = try aligned.tensor(alignment.tap)
      } catch {
        throw trouble(error)
      }
    }
    if numRuns == 0 { try requireFirst(taps, values, aligned) }
    return values
  }

  /// What the first run must give: something, and the output, behind which nothing is hidden.
  private func requireFirst(
    _ taps: [String], _ values: [String: Tensor], _ aligned: AlignedDump
  ) throws {
    guard taps.contains(where: { values[$0] != nil }) else {
      let names = aligned.source.names
      let reason = aligned.unmappedTensors.first { tensor in
        taps.contains { tensor.reason.contains("'\($0)'") }
      }
      let held =
        names.isEmpty
        ? "nothing" : names.prefix(3).joined(separator: ", ") + (names.count > 3 ? ", …" : "")
      throw UsageError(
        "the command's dump holds \(reason.map { "\($0.name), \($0.reason)" } ?? held) and none of "
          + "the taps asked for (\(taps.joined(separator: ", "))); let it write what {taps} names")
    }
    let output = EncoderStage.lnPost.outputTap
    guard values[output] != nil || allowMissing else {
      throw UsageError(
        "the command's dump lacks \(output), so that errors behind its last tap would not be seen; "
          + "let it write that, or give --allow-missing")
    }
  }

  /// The dump; `nil` for an archive without members where only inner taps were asked for: the
  /// implementation has none of them.
  private func open(_ path: String) throws -> (any TensorSource)? {
    guard FileManager.default.fileExists(atPath: path) else {
      throw UsageError(
        "the command ended well but wrote no file at {dump}; let it write an .npz of the taps there"
      )
    }
    do {
      return try openTensorSource(path)
    } catch {
      if numRuns > 0, case .missingField = error.cause { return nil }
      throw trouble(error)
    }
  }

  /// Without the path of a file that is gone when this is read.
  private func trouble(_ error: TensorIOError) -> UsageError {
    let tensor = error.tensor.map { " tensor '\($0)':" } ?? ""
    return UsageError(
      "the command's dump cannot be read:\(tensor) \(error.cause.message); "
        + "let it write an .npz of the taps at {dump}")
  }
}
