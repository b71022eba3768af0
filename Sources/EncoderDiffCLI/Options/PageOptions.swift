import ArgumentParser
import EncoderModel
import Report

/// `--html FILE`: the result as a page.
struct PageOptions: ParsableArguments {
  @Option(
    name: .customLong("html"),
    help: ArgumentHelp(
      "Write the result as one self-contained page, with pictures.", valueName: "file"))
  var html: String?

  /// Keeps sketches of every tap; `nil` where no page is wanted.
  func watcher(numCandidates: Int, dimensions: WhisperDimensions?) -> PageWatcher? {
    html == nil
      ? nil
      : PageWatcher(
        DifferenceCollector(
          numCandidates: numCandidates, numHeads: dimensions?.numAudioHeads ?? 0,
          width: dimensions?.audioWidth ?? 0))
  }

  /// Writes the page where `--html` says.
  func write(_ page: @autoclosure () throws -> HTMLPage) throws {
    guard let html else { return }
    try writeFile(html, page().text)
  }
}
