import Foundation
import TensorIO
import Testing

/// `bisect --python`: a function that is asked for few taps.
@Suite struct PythonBisectTests {
  /// A module whose `encode` has the program under test compute the taps.
  private func port(_ backend: String) -> String {
    """
    import subprocess, tempfile, os
    import numpy
    def encode(mel, taps):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "mel.npy")
            numpy.save(path, mel)
            out = os.path.join(folder, "out.npz")
            subprocess.run(
                ["\(Program.path)", "dump", "--model", "\(Program.root)/\(smallModel)", "--mel", path,
                 "--taps", ",".join(taps), "-o", out] + "\(backend)".split(), check=True)
            return {tap: value for tap, value in numpy.load(out).items() if tap in taps}
    def nothing(mel, taps):
        return 3
    """
  }

  private func bisect(_ function: String, _ backend: String) throws -> Program.Finished {
    let folder = try TemporaryFolder()
    try folder.write("port.py", port(backend))
    return try Program.run(
      [
        "bisect", digits, "--model", smallModel, "--python", function, "--retries", "0", "--json",
        "-",
      ],
      environment: ["PYTHONPATH": folder.path, "PYTHONDONTWRITEBYTECODE": "1"])
  }

  @Test("a sound function is at parity", .enabled(if: hasNumPy))
  func sound() throws {
    let run = try bisect("port:encode", "--backend blas")
    #expect(run.status == 0, "\(run.errors)")
  }

  @Test("the operation of a faulty one is found", .enabled(if: hasNumPy))
  func faulty() throws {
    let run = try bisect(
      "port:encode", "--backend graph --inject gelu-relu@encoder.blocks.1.mlp.1")
    #expect(run.status == 1, "\(run.errors)")
    let culprits = try #require(try run.json["culprits"]?.arrayValue)
    #expect(culprits.compactMap(\.stringValue) == ["encoder.blocks.1.mlp.1"])
  }

  @Test(
    "what cannot be called", .enabled(if: hasNumPy),
    arguments: [
      ("no_such_port:encode", "No module named"), ("port:decode", "no attribute"),
      ("port:nothing", "a dictionary of taps is needed"),
    ])
  func uncallable(function: String, word: String) throws {
    let run = try bisect(function, "")
    #expect(run.status == 2 && run.output.isEmpty)
    #expect(run.errors.contains(word), "\(run.errors)")
  }

  @Test(
    "names that cannot be right",
    arguments: ["port", "port:", ":encode", "a b:c", "p:q:r", "x;y:z"])
  func names(function: String) throws {
    let run = try Program.run(["bisect", digits, "--model", smallModel, "--python", function])
    expectTrouble(run, naming: "module:function")
  }
}
