import Testing

@testable import DiffusionText

struct SuggestionTests {
  @Test func distances() {
    #expect(editDistance(Array("steps"), Array("steps")) == 0)
    #expect(editDistance(Array("stesp"), Array("steps")) == 1)
    #expect(editDistance(Array("kitten"), Array("sitting")) == 3)
    #expect(editDistance([], Array("abc")) == 3)
    #expect(editDistance(Array("abc"), []) == 3)
  }
}
