import EncoderModel
import GraphBackend
import Testing

@Suite("Passes, as text before and after")
struct PassTests {
  /// Texts after each pass, by its name.
  func texts(_ stage: EncoderStage, observing taps: Set<String> = []) throws -> [String: String] {
    let dimensions = smallDimensions(frames: 6, width: 8, heads: 2, layers: 1, mels: 4)
    let backend = GraphBackend(
      program: .whisper(dimensions),
      weights: SyntheticWeights(dimensions: dimensions, seed: 1), threads: 1)
    return Dictionary(
      uniqueKeysWithValues: try backend.snapshots(of: [stage], observing: taps)
        .map { ($0.pass, $0.graph.text) })
  }

  @Test("the stem becomes two convolutions")
  func stem() throws {
    let texts = try texts(.stem)
    #expect(
      texts["build"] == """
        %0 [12, 4] mel = input()
        %1 [12, 8] encoder.conv1 = convolution(%0) weight=encoder.conv1.weight \
        bias=encoder.conv1.bias stride=1 padding=1,1
        %2 [12, 8] encoder.gelu1 = activation(%1) function=erf
        %3 [6, 8] encoder.conv2 = convolution(%2) weight=encoder.conv2.weight \
        bias=encoder.conv2.bias stride=2 padding=1,1
        %4 [6, 8] encoder.gelu2 = activation(%3) function=erf
        %5 [6, 8] encoder.embed = add-table(%4) table=encoder.positional_embedding
        return %5

        """)
    #expect(
      texts["remove-dead-values"] == """
        %0 [12, 4] mel = input()
        %2 [12, 8] encoder.gelu1 = convolution(%0) weight=encoder.conv1.weight \
        bias=encoder.conv1.bias stride=1 padding=1,1 activation=gelu
        %5 [6, 8] encoder.embed = convolution(%2) weight=encoder.conv2.weight \
        bias=encoder.conv2.bias stride=2 padding=1,1 activation=gelu \
        table=encoder.positional_embedding
        return %5

        """)
  }

  @Test("epilogues: values in between become side outputs, then die unless observed")
  func epilogues() throws {
    let silent = try texts(.block(0))
    let fused = try #require(silent["fuse-epilogues"])
    #expect(fused.contains("activation=gelu before-activation=%11"))
    #expect(fused.contains("residual=yes before-residual=%8"))
    #expect(silent["remove-dead-values"]?.contains("before-") == false)
    let watched = try texts(.block(0), observing: ["encoder.blocks.0.mlp.0"])
    #expect(watched["remove-dead-values"]?.contains("before-activation=%11") == true)
    #expect(watched["remove-dead-values"]?.contains("taps encoder.blocks.0.mlp.0=%11") == true)
  }

  @Test("attention: no map unless observed, the same kernel either way")
  func attention() throws {
    let silent = try texts(.block(0))
    let line = "%7 [6, 8] encoder.blocks.0.attn.context = attention(%2, %3, %4) heads=2 scale=0.5"
    #expect(silent["build"]?.contains("= scores(%2, %3)") == true)
    #expect(silent["fuse-attention"]?.contains(line) == true)
    #expect(silent["remove-dead-values"]?.contains("scores(") == false)
    let watched = try texts(.block(0), observing: ["encoder.blocks.0.attn.probs"])
    #expect(watched["remove-dead-values"]?.contains(line) == true)
    #expect(watched["remove-dead-values"]?.contains("= softmax(%5)") == true)
  }

  @Test("in place: the block's output is written over its residual stream")
  func inPlace() throws {
    let silent = try texts(.block(0))
    #expect(silent["update-in-place"]?.contains("residual=yes over=%9") == true)
    let watched = try texts(.block(0), observing: ["encoder.blocks.0.attn_residual"])
    #expect(watched["update-in-place"]?.contains("over=%9") == false)
  }

  @Test("every pass leaves a graph that verifies, for every set of taps")
  func verifies() throws {
    let program = EncoderProgram.whisper(smallDimensions())
    for stage in program.stages {
      for node in program.nodes(in: stage) {
        for taps in [[], [node.name], Set(program.tapNames)] {
          let graph = try GraphBuilder.build(program, stage: stage, observing: taps)
          #expect(try graph.snapshots().count == GraphPass.all.count + 1)
        }
      }
    }
  }

  @Test("the verifier sees what is wrong")
  func verifier() throws {
    let program = EncoderProgram.whisper(smallDimensions())
    var graph = try GraphBuilder.build(program, stage: .block(0), observing: [])
    graph.nodes.swapAt(1, 2)
    #expect(throws: GraphError.self) { try graph.verify() }
    graph.nodes.swapAt(1, 2)
    graph.nodes[3].inputs.append(graph.input)
    #expect(throws: GraphError.self) { try graph.verify() }
  }

  @Test("dot and JSON name every node")
  func formats() throws {
    let program = EncoderProgram.whisper(smallDimensions())
    let graph = try GraphBuilder.build(program, stage: .block(1), observing: [])
    for node in graph.nodes {
      #expect(graph.dot.contains(graph[node.output].name))
      #expect(graph.json.contains("\"name\": \"\(graph[node.output].name)\""))
    }
  }
}
