import Diagnosis
import Foundation
import Parity
import Testing

@testable import Report

/// Pages stand alone, say everything in words too, and let nothing through that could break them.
@Suite struct PageTests {
  @Test func aPageNeedsNothingElse() {
    let page = report().page().text
    for forbidden in ["http:", "https:", "src=", "@import", "url(", "<link"] {
      #expect(!page.contains(forbidden), "\(forbidden)")
    }
    #expect(page.hasPrefix("<!doctype html>"))
    #expect(page.contains("prefers-color-scheme:dark") && page.contains("@media print"))
    #expect(
      page.components(separatedBy: "<section").count
        == page.components(separatedBy: "</section>").count)
  }

  @Test func everyTapAndVerdictIsThereInWords() {
    let page = report().page().text
    for tap in everyVerdict {
      #expect(page.contains(">\(tap.tap)<"), "\(tap.tap)")
      #expect(page.contains(tap.verdict.text), "\(tap.verdict.text)")
    }
  }

  @Test func textFromOutsideIsEscaped() {
    let page = report(name: "<script>alert(1)</script>").page().text
    #expect(!page.contains("<script>alert"))
    #expect(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"))
    #expect(page.contains("a &lt; b &amp; &quot;c&quot;"))
  }

  @Test("base64", arguments: [0, 1, 2, 3, 4, 255])
  func base64IsStandard(count: Int) {
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 11) }
    #expect(base64(bytes) == Data(bytes).base64EncodedString())
  }

  @Test func theAllowedErrorIsTheErrorOverItsShareOfTheBound() {
    #expect(
      DepthChart.allowed(tap("encoder.conv1", .rounding).introduced).map {
        abs($0 - 2.5e-7) < 1e-12
      } == true)
    #expect(DepthChart.allowed(nil) == nil)
  }

  @Test func reportsWithoutFiguresAreStillPages() {
    let page = report([tap("encoder.conv1", .missing)]).page().text
    #expect(page.contains("missing") && page.contains("</html>"))
  }

  @Test func logarithmicAxesHoldTheirValues() {
    let axis = LogAxis([3e-8, 0.2], start: 100, end: 0)
    #expect(axis.low == -8 && axis.high == 0)
    #expect(axis.position(1e-8) == 100 && axis.position(1) == 0)
    #expect(axis.position(0) == 100 && axis.position(1e9) == 0)
    #expect(abs(axis.position(1e-4) - 50) < 1e-9)
  }
}
