import DiffusionOutput
import Testing

struct OutputPatternTests {
  @Test(arguments: ["%d.png", "out/%05d.png", "a/b-%3d-c.png", "%%%d.PNG", "x/%d/y.png"])
  func imagesAreFoundByTheirFiles(_ pattern: String) throws {
    let parsed = try OutputPattern(pattern)
    for image in [0, 7, 123, 4_567_890, .max] { #expect(parsed.image(of: parsed.path(for: image)) == image) }
    let path = parsed.path(for: 7)
    for other in ["", "x", path + "x", "x" + path, path.replacing("7", with: ""), path.replacing("7", with: "07a")] {
      #expect(parsed.image(of: other) == nil, "\(other)")
    }
    #expect(parsed.image(of: path.replacing("7", with: "-7")) == nil)
    #expect(
      parsed.folder == ["out/%05d.png": "out/", "a/b-%3d-c.png": "a/"][pattern] ?? (pattern == "x/%d/y.png" ? nil : ""))
  }

  @Test(arguments: [
    ("img-%05d.png", 7, "img-00007.png"), ("%d.png", 123, "123.png"), ("a/%3d.png", 7, "a/  7.png"),
    ("%%%02d.png", 1234, "%1234.png"),
  ])
  func pathsAreNumbered(pattern: String, image: Int, path: String) throws {
    #expect(try OutputPattern(pattern).path(for: image) == path)
  }

  @Test func folders() {
    #expect(OutputPattern.inFolder("out").path(for: 3) == "out/00003.png")
    #expect(OutputPattern.inFolder("out").folder == "out/")
    #expect(OutputPattern.inFolder("out/").path(for: 123_456) == "out/123456.png")
  }
}
