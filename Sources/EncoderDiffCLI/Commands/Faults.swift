import ArgumentParser
import AudioFrontEnd
import EncoderModel
import Faults
import Report

/// `encoder-diff faults [NAME]`: what `--inject` can put in and `explain` can name.
struct Faults: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the faults that can be injected and named.",
    discussion: """
      Examples:
        encoder-diff faults
        encoder-diff faults layer-norm-eps --model synthetic:tiny
        encoder-diff faults --json -
      """)

  @Argument(help: "One fault by its name.")
  var name: String?

  @OptionGroup var model: ModelOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let program = try Workbench(model).model.program
    var entries = FrontEndOptions.catalogue.map { fault in
      FaultList.Entry(
        slug: fault.slug, ids: fault.ids, sites: ["mel"], isBenign: fault.isBenign,
        summary: fault.summary, remedy: fault.remedy, parameter: nil)
    }
    entries += FaultCatalogue.all.map { fault in
      let sites = fault.sites(program)
      return FaultList.Entry(
        slug: fault.slug, ids: fault.ids, sites: sites, isBenign: fault.isBenign,
        summary: fault.summary, remedy: fault.remedy,
        parameter: fault.parameter.map { parameter in
          let values = sites.first.map { parameter.candidates(program, $0) } ?? []
          return "\(parameter.name), e.g. \(values.map(\.description).joined(separator: ", "))"
        })
    }
    if let name {
      guard let entry = entries.first(where: { $0.slug == name }) else {
        throw FaultError.unknownFault(
          name, nearest: nearestName(to: name, among: entries.map(\.slug)))
      }
      entries = [entry]
    }
    let list = FaultList(entries)
    output.print(list.lines(output.canvas))
    try output.write(json: list.json)
  }
}
