import AudioFrontEnd
import EncoderModel
import Faults

/// The faults of `--inject`, parsed: those of the encoder as a program, those of the front-end as options.
struct Injection {
  /// The program with all encoder faults in it.
  let program: EncoderProgram
  /// The front-end with all front-end faults in it; `nil` for none.
  let frontEnd: FrontEndOptions?
  /// `slug=value@tap`, one an instance.
  let names: [String]

  var isEmpty: Bool { names.isEmpty }

  /// Parses `FAULT[=VALUE][@TAP]` texts.
  /// - Throws: `FaultError`, or `UsageError` for a front-end fault at another tap.
  init(_ texts: [String], program: EncoderProgram) throws {
    var options: FrontEndOptions?
    var instances: [FaultInstance] = []
    var names: [String] = []
    for text in texts {
      let slug = text.prefix { $0 != "@" && $0 != "=" }
      if let fault = FrontEndOptions.fault(named: String(slug)) {
        guard text.count == slug.count || text == "\(slug)@mel" else {
          throw UsageError(
            "'\(slug)' is a fault of the front-end; it sits at 'mel' and takes no value")
        }
        options = fault.applied(to: options ?? .whisper)
        names.append("\(fault.slug)@mel")
        continue
      }
      for instance in try FaultCatalogue.parse(text, program: program) {
        instances.append(instance)
        names.append(instance.description)
      }
    }
    self.program = program.applying(instances)
    frontEnd = options
    self.names = names
  }
}
