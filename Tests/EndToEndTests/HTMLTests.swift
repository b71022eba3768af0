import Foundation
import Testing

/// `--html FILE`: a page beside the usual output.
@Suite struct HTMLTests {
  @Test func runWritesAPageThatStandsAlone() throws {
    let folder = try TemporaryFolder()
    let run = try Program.run(
      "\(digits) --model \(smallModel) --inject position-missing --html \(folder.file("p.html"))")
    #expect(run.status == 1, "\(run.errors)")
    let page = try folder.read("p.html")
    #expect(page.utf8.count < 2_000_000)
    #expect(!page.contains("http://") && !page.contains("https://"))
    #expect(page.contains("position-missing@encoder.embed"))
    // The mel, and the heat maps of the faulty tap and of the last one.
    #expect(page.components(separatedBy: "<canvas").count > 3)
    // At the faulty tap the inputs carry rounding only; at the last one, all error has come in.
    for kind in ["introduced Δ, frames", "accumulated Δ, frames"] {
      #expect(page.components(separatedBy: "<h4>\(kind)").count > 2, "\(kind)")
    }
    #expect(folder.entries == ["p.html"])
  }

  @Test func dumpsWithoutAModelHaveAPageToo() throws {
    let folder = try TemporaryFolder()
    let (right, left) = (folder.file("r.npz"), folder.file("l.npz"))
    for (path, backend) in [(right, "reference"), (left, "reference:f32")] {
      #expect(
        try Program.run("dump \(digits) --model \(smallModel) --backend \(backend) -o \(path)")
          .status == 0)
    }
    let run = try Program.run("compare \(right) \(left) --html \(folder.file("p.html"))")
    #expect(run.status == 0, "\(run.errors)")
    #expect(try folder.read("p.html").contains("encoder.ln_post"))
  }

  @Test func aPageThatCannotBeWrittenIsTrouble() throws {
    let run = try Program.run("\(digits) --model \(smallModel) --html /no/such/folder/p.html")
    #expect(run.status == 2)
    #expect(run.errors.contains("p.html"))
  }

  @Test(
    "every command that has something to show",
    arguments: [
      (
        "bisect \(digits) --model \(smallModel) --backend graph --inject position-missing", 1,
        "embed"
      ),
      (
        "explain \(digits) --model \(smallModel) --backend graph --inject ln-post-missing", 1,
        "proved"
      ),
      ("bench --model \(smallModel) --runs 1 --no-memory --backends graph", 0, "GFLOP"),
    ])
  func otherCommands(line: String, status: Int32, word: String) throws {
    let folder = try TemporaryFolder()
    let run = try Program.run("\(line) --html \(folder.file("p.html"))")
    #expect(run.status == status, "\(run.errors)")
    let page = try folder.read("p.html")
    #expect(page.contains(word) && page.hasPrefix("<!doctype html>"))
    #expect(!page.contains("http://") && !page.contains("https://"))
  }
}
