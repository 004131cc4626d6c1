import Sampling
import Testing

/// Classes as people type them, and as requests store them.
struct ClassSelectionTests {
  private func indices(_ items: [String], count: Int, names: [String], nullClass: Int?) throws -> [Int] {
    try KnownClasses(count: count, names: names, nullClass: nullClass).indices(of: items.map(ClassSelection.typed))
  }

  private let digits = (0..<10).map { "\($0)" }

  @Test func numbersRangesAndNames() throws {
    #expect(try indices(["0-9"], count: 11, names: digits, nullClass: 10) == Array(0..<10))
    #expect(try indices(["all", "3"], count: 11, names: digits, nullClass: 10) == Array(0..<10) + [3])
    #expect(try indices(["All"], count: 2, names: ["one", "all"], nullClass: nil) == [1])
    #expect(try indices(["3", "1-2", "10"], count: 11, names: digits, nullClass: 10) == [3, 1, 2, 10])
    let names = ["cat", "t-shirt", "7"]
    #expect(try indices(["T-Shirt", "cat-7"], count: 3, names: names, nullClass: nil) == [1, 0, 1, 2])
    // A name wins over a number.
    #expect(try indices(["7"], count: 9, names: names, nullClass: nil) == [2])
  }

  @Test("Names that differ only in case are told apart; otherwise case does not matter")
  func caseMattersWhereItTells() throws {
    let names = ["cat", "Cat", "CAT", "Dog"]
    #expect(try indices(["cat", "Cat", "CAT", "dog"], count: 4, names: names, nullClass: nil) == [0, 1, 2, 3])
    #expect(throws: SamplingError.self) { try indices(["cAt"], count: 4, names: names, nullClass: nil) }
  }

  @Test(
    "What is advised for a class can be typed: an index where its name cannot be, and a range upwards",
    arguments: [
      ("lead", "did you mean 0?"), ("a", "did you mean 1?"), ("2-1", "did you mean 1-2?"),
      ("oxe", "did you mean ox?"),
    ])
  func advice(item: String, end: String) {
    let names = [" lead", "a,b", "ox", "owl"]
    let error = #expect(throws: SamplingError.self) { try indices([item], count: 4, names: names, nullClass: nil) }
    #expect(error.map { "\($0)" }?.hasSuffix(end) == true, "\(error.map { "\($0)" } ?? "")")
  }

  @Test(arguments: [
    ("11", "--class: the model has no class \"11\"; its classes are 0 to 9 (0, 1, 2, 3, 4, 5, 6, 7, 8, 9)"),
    ("9-0", "--class: the model has no class \"9-0\"; its classes are 0 to 9 (0, 1, 2, 3, 4, 5, 6, 7, 8, 9)"),
  ])
  func others(item: String, message: String) {
    do {
      _ = try indices([item], count: 11, names: digits, nullClass: 10)
      Issue.record("\(item) was understood")
    } catch { #expect("\(error)".hasPrefix(message), "\(error)") }
  }
}

/// Names that are numbers: what is stored says which class it is (a name or an index), and what is typed means names.
struct NumericClassNamesTests {
  private let oneToEight = KnownClasses(count: 8, names: (1...8).map { "\($0)" })
  private let sorted = KnownClasses(count: 11, names: ["0", "1", "10", "2", "3", "4", "5", "6", "7", "8", "9"])

  @Test func whatIsTypedIsAName() throws {
    #expect(try oneToEight.indices(of: [.typed("2"), .typed("#2"), .name("2"), .index(2)]) == [1, 2, 1, 2])
    #expect(try sorted.indices(of: [.typed("7"), .typed("10")]) == [8, 2])
    #expect(try sorted.indices(of: [.typed("0-3")]) == [0, 1, 3, 4])
  }

  @Test func aNumberThatIsNoNameIsRefused() {
    for item in ["0", "9", "0-9x", "#8"] {
      #expect(throws: SamplingError.self, "\(item)") { try oneToEight.indices(of: [.typed(item)]) }
    }
  }

  @Test func whatIsStoredMeansTheSameClassAgain() throws {
    let others = KnownClasses(count: 6, names: ["a,b", "#1", "cat", "Cat", "", "2"])
    for known in [oneToEight, sorted, others, KnownClasses(count: 4)] {
      for index in 0..<known.count {
        let stored = known.selection(index)
        #expect(try known.indices(of: [stored]) == [index], "\(stored)")
        // And typed, as a command shows it.
        let typed: String? =
          switch stored {
          case .name(let text), .typed(let text): text
          case .index(let number): "\(number)"
          }
        if let typed { #expect(try known.indices(of: [.typed(typed)]) == [index], "\(typed)") }
      }
    }
  }
}
