import ArgumentParser
import Faults
import TensorIO

/// What is fed to the encoders.
struct InputOptions: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "Audio: any file that libsndfile reads, at any rate; '-' is standard input.",
      valueName: "audio"))
  var audio: String?

  @Option(
    help: ArgumentHelp(
      "A ready log-mel instead of audio: .npy or .safetensors, [frames, mels] or [mels, frames].",
      valueName: "file"))
  var mel: String?

  @Option(
    help: ArgumentHelp("Which window of long audio: a number from 0, or 'all'.", valueName: "n"))
  var window: String = "0"

  /// Refuses a misspelt command, which the parser takes for the audio of the default command.
  /// - Throws: `UsageError`.
  func requireNoCommand() throws {
    guard let audio, audio.allSatisfy({ $0.isLowercase || $0 == "-" }), audio != "-",
      realPath(audio) == nil
    else { return }
    let commands = EncoderDiff.configuration.subcommands.map { $0._commandName }
    let nearest = nearestName(to: audio, among: commands)
    throw UsageError(
      "\(audio): no such file or command"
        + (nearest.map { "; did you mean '\($0)'?" }
          ?? "; 'encoder-diff --help' lists the commands"))
  }
}

/// Which weights.
struct ModelOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A Hugging Face folder, an OpenAI .pt, a ggml .bin, an .onnx encoder, a .safetensors with "
        + "OpenAI's names, or synthetic:tiny|base|small|medium|large-v3[@SEED]. The shipped model "
        + "where none is named.", valueName: "model"))
  var model: String?
}

/// Who is compared.
struct BackendOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Comma-separated: reference, reference:f32, blas, graph, graph:unfused, and graph with the "
        + "kernels of one instruction set, as in graph:avx2. The others are compared with the first.",
      valueName: "list"))
  var backends: String = "reference,blas,graph"

  @Option(
    help: ArgumentHelp(
      "Put a fault into the graph backend: FAULT[=VALUE][@TAP]; may be repeated. "
        + "'encoder-diff faults' lists all.", valueName: "fault"))
  var inject: [String] = []

  @Option(help: ArgumentHelp("Threads of each backend; all processors by default.", valueName: "n"))
  var threads: Int?

  func validate() throws {
    if let threads, threads < 1 || threads > 1024 {
      throw ValidationError("--threads takes a number from 1 to 1024, not \(threads)")
    }
  }
}

/// Which taps are looked at.
struct TapOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "layers, ops (all but attention scores and probabilities), all, or comma-separated globs "
        + "such as 'encoder.blocks.3.*'.", valueName: "set"))
  var taps: String = "ops"
}
