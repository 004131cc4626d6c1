import Testing

@testable import DiffusionTerminal

struct CountRateTests {
  @Test("The rest takes as long as what was done since it began, not since an earlier time")
  func rest() {
    var rate = CountRate()
    // Of 1,000 pictures 900 are there already.
    #expect(rate.secondsLeft(at: 50, done: 900, of: 1000) == nil)
    #expect(rate.secondsLeft(at: 51, done: 900, of: 1000) == nil)
    #expect(rate.secondsLeft(at: 60, done: 920, of: 1000) == 40)
    #expect(rate.secondsLeft(at: 70, done: 940, of: 1000) == 30)
  }
}
