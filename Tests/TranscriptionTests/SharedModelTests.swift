import EncoderModel
import TensorCore
import TensorIO
import Testing
import Transcription

@Suite("Trained checkpoints against PyTorch", .enabled(if: Folders.sharedIsThere))
struct SharedModelTests {
  @Test(
    "the same tokens, logits within 1e-4", arguments: ["digits-3", "digits-17", "digits-42"],
    [
      "spoken-digits-hf", "spoken-digits-hf-sharded", "spoken-digits-ggml-f32.bin",
      "spoken-digits-f32.pt", "spoken-digits-openai.safetensors",
    ])
  func goldens(_ utterance: String, _ checkpoint: String) throws {
    let model = try ModelLoader.load("\(Folders.shared)/models/\(checkpoint)")
    let golden = try openTensorSource("\(Folders.shared)/goldens/\(utterance).safetensors")
    let output = try golden.tensor("encoder.ln_post")
    let expected = numbers(golden.metadata["tokens"] ?? "")
    // Only the folder in one file and the ggml file bring a vocabulary with them.
    let hasOwn = model.tokenizerPath != nil || model.embeddedVocabulary != nil
    let transcript = try Transcriber(
      model: model, tokenizerPath: hasOwn ? nil : "\(Folders.shared)/models/spoken-digits-hf"
    ).transcribe(output)
    #expect(transcript.prompt + transcript.tokens == expected)
    let decoder = try TextDecoder(model)
    var state = decoder.emptyState
    let audio = try decoder.attend(to: output)
    let logits = decoder.read(Array(expected.dropLast()), &state, audio, logitsFrom: 3)
    let golden64 = try golden.tensor("decoder.logits").float64Array
    #expect(maximumDifference(logits.values, golden64) < 1e-4)
    let texts = try parseJSONFile("\(Folders.shared)/audio/transcripts.json")
    #expect(transcript.text == texts[utterance]?.stringValue)
  }

  @Test("without ln_post the text breaks; rounding the output to bf16 leaves it alone")
  func faults() throws {
    let transcriber = try Transcriber(
      model: ModelLoader.load("\(Folders.shared)/models/spoken-digits-hf"))
    let golden = try openTensorSource("\(Folders.shared)/goldens/digits-3.safetensors")
    let output = try golden.tensor("encoder.ln_post")
    let comparison = try transcriber.compare(
      control: ("reference", [output]),
      candidates: [
        ("no ln_post", [try golden.tensor("encoder.blocks.3")]),
        ("bf16", [output.converted(to: .bfloat16)]),
        ("f32", [output.converted(to: .float32)]),
      ], referenceText: "Two, nine, three, six.")
    #expect(comparison.control.wordErrors?.rate == 0 && comparison.harnessSentence == nil)
    let (broken, bf16, f32) = (
      comparison.candidates[0], comparison.candidates[1], comparison.candidates[2]
    )
    #expect((broken.wordErrors?.rate ?? 0) > 0.4)
    #expect(broken.sentence.contains("where the reference has"))
    #expect(bf16.isSameText && (bf16.margins.safetyFactor ?? 0) > 10)
    #expect(f32.isSameText && (f32.margins.safetyFactor ?? 0) > 1e5)
    #expect((f32.margins.safetyFactor ?? 0) > 1000 * (bf16.margins.safetyFactor ?? .infinity))
  }

  @Test("OpenAI's vocabularies encode and decode as tiktoken does")
  func tiktoken() throws {
    let folder = "\(Folders.shared)/tokenizers"
    let tokenizer = try TokenizerLoader.load(folder, vocabularySize: 51865)
    #expect(tokenizer.endOfText == 50257)
    #expect(tokenizer.startOfTranscript == 50258)
    #expect(tokenizer.special("<|su|>") == 50357)
    #expect(tokenizer.noTimestamps == 50363)
    for (text, ids) in tiktokenGoldens {
      #expect(tokenizer.encode(text) == ids, "\(text)")
      #expect(tokenizer.decode(ids) == text.trimmed)
    }
    let english = try TokenizerLoader.load(folder, vocabularySize: 51864)
    #expect(english.endOfText == 50256)
    #expect(english.encode(" And so my fellow Americans") == englishGolden)
    #expect(NonSpeech.tokens(of: tokenizer) == nonSpeechGolden)
    #expect(NonSpeech.tokens(of: english) == englishNonSpeechGolden)
    let large = try TokenizerLoader.load(folder, vocabularySize: 51866)
    #expect(large.special("<|yue|>") == 50358)
    #expect(large.noTimestamps == 50364)
  }
}

extension String {
  fileprivate var trimmed: String {
    String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
  }
}

/// Made with openai-whisper 20250625 and tiktoken.
private let tiktokenGoldens: [(String, [Int])] = [
  (
    " And so my fellow Americans, ask not what your country can do for you.",
    [400, 370, 452, 7177, 6280, 11, 1029, 406, 437, 428, 1941, 393, 360, 337, 291, 13]
  ),
  (
    "It's 1,234.5 m\u{b2}  \u{2014}  we'll see!\n\n  done ",
    [
      3522, 311, 502, 11, 9356, 19, 13, 20, 275, 27643, 220, 3466, 220, 321, 603, 536, 0, 198, 198,
      220, 1096, 220,
    ]
  ),
  (
    " \u{65e5}\u{672c}\u{8a9e}\u{3068}\u{440}\u{443}\u{441}\u{441}\u{43a}\u{438}\u{439} \u{44f}\u{437}\u{44b}\u{43a}",
    [220, 27311, 31348, 3193, 2711, 461, 17146, 29364, 755]
  ),
  (
    "don't 'tis  the'LL \u{1d4b3}\u{2135} \u{bd} \u{e9} e\u{301} \u{1f642}\u{1f44d}\u{1f3fd}",
    [
      13966, 380, 922, 83, 271, 220, 264, 6, 24010, 42244, 240, 111, 26920, 113, 32653, 1136, 308,
      32797, 7385, 247, 224, 31017, 235, 4222, 237, 121,
    ]
  ),
  (
    "...  \t x",
    [485, 220, 220, 197, 2031]
  ),
  (
    "   ",
    [220, 220, 220]
  ),
]
private let englishGolden = [843, 523, 616, 5891, 3399]
private let nonSpeechGolden = [
  1, 2, 7, 8, 9, 10, 14, 25, 26, 27, 28, 29, 31, 58, 59, 60, 61, 62, 63, 90, 91, 92, 93, 359, 503,
  522, 542, 873, 893, 902, 918, 922, 931, 1350, 1853, 1982, 2460, 2627, 3246, 3253, 3268, 3536,
  3846, 3961, 4183, 4667, 6585, 6647, 7273, 9061, 9383, 10428, 10929, 11938, 12033, 12331, 12562,
  13793, 14157, 14635, 15265, 15618, 16553, 16604, 18362, 18956, 20075, 21675, 22520, 26130, 26161,
  26435, 28279, 29464, 31650, 32302, 32470, 36865, 42863, 47425, 49870, 50254,
]
private let englishNonSpeechGolden = [
  1, 2, 7, 8, 9, 10, 14, 25, 26, 27, 28, 29, 31, 58, 59, 60, 61, 62, 63, 90, 91, 92, 93, 357, 366,
  438, 532, 685, 705, 796, 930, 1058, 1220, 1267, 1279, 1303, 1343, 1377, 1391, 1635, 1782, 1875,
  2162, 2361, 2488, 3467, 4008, 4211, 4600, 4808, 5299, 5855, 6329, 7203, 9609, 9959, 10563, 10786,
  11420, 11709, 11907, 13163, 13697, 13700, 14808, 15306, 16410, 16791, 17992, 19203, 19510, 20724,
  22305, 22935, 27007, 30109, 30420, 33409, 34949, 40283, 40493, 40549, 47282, 49146,
]
