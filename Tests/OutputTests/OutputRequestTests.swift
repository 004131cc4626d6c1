import DiffusionOutput
import Sampling
import Testing

struct OutputRequestTests {
  /// Numbers that no picture can be made with are refused before anything is drawn, whoever wrote them.
  @Test func rangesAreChecked() {
    var output = OutputRequest()
    output.scale = 0
    #expect(output.problem(images: 1) == "--scale: 0 is out of range; type --scale with a number from 1 to 1024")
    output.scale = 1
    output.sheet = SheetLayout(columns: 0)
    #expect(output.problem(images: 1) == "--grid: 0 is out of range; type --grid with a number from 1 to 1000000")
    output.sheet = SheetLayout(columns: 1)
    #expect(output.problem(images: 1) == nil)
  }
}
