import Testing

@testable import DiffusionCommandLine

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

struct ClassSelectionTests {
  private let digits = (0..<10).map { "\($0)" }

  @Test func numbersRangesAndNames() throws {
    #expect(try selectClasses(["0-9"], count: 11, names: digits, nullClass: 10) == Array(0..<10))
    #expect(try selectClasses(["all", "3"], count: 11, names: digits, nullClass: 10) == Array(0..<10) + [3])
    #expect(try selectClasses(["All"], count: 2, names: ["one", "all"], nullClass: nil) == [1])
    #expect(try selectClasses(["3", "1-2", "10"], count: 11, names: digits, nullClass: 10) == [3, 1, 2, 10])
    let names = ["cat", "t-shirt", "7"]
    #expect(try selectClasses(["T-Shirt", "cat-7"], count: 3, names: names, nullClass: nil) == [1, 0, 1, 2])
    // A name wins over a number.
    #expect(try selectClasses(["7"], count: 9, names: names, nullClass: nil) == [2])
  }

  @Test(arguments: [
    ("11", "--class: the model has no class \"11\"; its classes are 0 to 9 (0, 1, 2, 3, 4, 5, 6, 7, 8, 9)"),
    ("9-0", "--class: the model has no class \"9-0\"; its classes are 0 to 9 (0, 1, 2, 3, 4, 5, 6, 7, 8, 9)"),
  ])
  func others(item: String, message: String) {
    do {
      _ = try selectClasses([item], count: 11, names: digits, nullClass: 10)
      Issue.record("\(item) was understood")
    } catch { #expect("\(error)".hasPrefix(message), "\(error)") }
  }
}

struct SuggestionTests {
  @Test func distances() {
    #expect(editDistance(Array("steps"), Array("steps")) == 0)
    #expect(editDistance(Array("stesp"), Array("steps")) == 1)
    #expect(editDistance(Array("kitten"), Array("sitting")) == 3)
    #expect(editDistance([], Array("abc")) == 3)
    #expect(editDistance(Array("abc"), []) == 3)
  }
}
