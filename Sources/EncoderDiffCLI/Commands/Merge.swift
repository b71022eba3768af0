import ArgumentParser
import Regression
import Report
import TensorIO

/// `encoder-diff merge PART…`: the parts of a sweep as one table.
struct Merge: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Sum up the parts of a sweep; exactly, in whatever order they come.",
    discussion: """
      Counts, moments, extremes and quantiles of every tap over the whole corpus. Windows that \
      stand in several parts are counted once; lines that a kill has torn are left out and told. \
      Parts of another model, other backends, faults or taps are refused.

      Examples:
        encoder-diff merge part-*.jsonl
        encoder-diff merge part-*.jsonl --json corpus.json --html corpus.html
      """)

  @Argument(help: ArgumentHelp("What 'sweep --out' has written.", valueName: "part"))
  var parts: [String]

  @OptionGroup var output: OutputOptions
  @OptionGroup var page: PageOptions

  func run() throws {
    try requireWritable([output.jsonFile, page.html], inputs: parts)
    var summary = SweepSummary()
    for part in parts {
      try forEachLine(of: part) { line in
        if !line.isEmpty { try summary.add(line: line, of: part) }
      }
    }
    guard summary.numCases > 0 || !summary.troubles.isEmpty else {
      throw UsageError("\(parts[0]): holds no line of a sweep; give what 'sweep --out' has written")
    }
    let report = SweepReport(summary, parts: parts)
    output.print(report.lines(output.canvas, isQuiet: output.quiet))
    try output.write(json: report.json)
    try page.write(report.page)
    if !summary.isParity { try Outcome.divergence.leave() }
    if !summary.troubles.isEmpty || summary.numTorn > 0 { try Outcome.trouble.leave() }
  }
}
