import Diagnosis

/// `--python MODULE:FUNCTION`: a function that is given a mel and names of taps and returns the taps, as
/// a command for `bisect`.
struct PythonFunction {
  /// As it was given.
  let name: String

  /// - Throws: `UsageError` for anything but a module, a colon and a function.
  init(parsing text: String) throws {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy(Self.isPath) else {
      throw UsageError("--python takes module:function, such as port:encode, not '\(text)'")
    }
    name = text
  }

  /// Identifiers with dots between them.
  private static func isPath(_ text: Substring) -> Bool {
    text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { part in
      guard let first = part.first, first == "_" || first.isLetter else { return false }
      return part.allSatisfy { $0 == "_" || $0.isLetter || $0.isNumber }
    }
  }

  /// The command that calls it in the Python of the PATH, from the folder one stands in.
  func command(timeoutSeconds: Double, retries: Int) -> ExternalCommand {
    ExternalCommand(
      "python3 -c '\(Self.driver)' \(name) {mel} {dump} {taps}", title: "--python \(name)",
      timeoutSeconds: timeoutSeconds, retries: retries)
  }

  /// Holds no single quote. What cannot be found ends with the shell's own status for that.
  private static let driver = """
    import importlib, os, sys
    name, mel, dump, taps = sys.argv[1:5]
    sys.path.insert(0, os.getcwd())
    try:
        import numpy
        module, path = name.split(":")
        call = importlib.import_module(module)
        for part in path.split("."):
            call = getattr(call, part)
    except (ImportError, AttributeError) as error:
        print(f"{name}: {error}")
        sys.exit(127)
    def array(value):
        if hasattr(value, "detach"):
            value = value.detach().cpu()
            value = value.float() if "bfloat16" in str(value.dtype) else value
        return numpy.asarray(value)
    given = call(numpy.load(mel), taps.split(","))
    if not hasattr(given, "items"):
        print(f"{name}: returned {type(given).__name__}; a dictionary of taps is needed")
        sys.exit(126)
    numpy.savez(dump, **{tap: array(value) for tap, value in given.items()})
    """
}
