import DiffusionCore
import Foundation
import TestSupport
import Testing

struct SpaceTimestepsTests {
  @Test func refusesWhatTheOriginalRefuses() throws {
    let reference = try Fixture("schedules")
    let errors = try JSONDecoder().decode(
      [String: String].self, from: Data(#require(reference.metadata["errors"]).utf8))
    #expect(errors.count == 2)
    for name in errors.keys {
      let parts = name.split(separator: ".").map(String.init)
      #expect(throws: SpacingError.self, "\(name)") {
        try spaceTimesteps(#require(Int(parts[1])), sections: parts[2])
      }
    }
  }

  @Test(arguments: [
    ("", "\"\" is not a spacing of timesteps"), ("a", "\"a\" is not a spacing"),
    ("10,,5", "\"10,,5\" is not a spacing"),
    ("-3", "\"-3\" is not a spacing"), ("0", "\"0\" is not a spacing"), ("ddim", "\"ddim\" is not a spacing"),
    ("ddim0", "\"ddim0\" is not a spacing"), ("5 ", "\"5 \" is not a spacing"),
    ("99999999999999999999", "\"99999999999999999999\" is not a spacing"),
    ("101", "101 steps are more than the 100 of the process; type at most 100"),
    ("ddim101", "101 steps are more than the 100 of the process; type at most 100"),
    ("10,51", "section 2 has only 50 timesteps, from which 51 cannot be taken"),
    ("ddim60", "no integer stride takes exactly 60 of 100 timesteps; --steps 60 spaces them as evenly as it goes"),
  ])
  func errorsSayWhatToDo(sections: String, message: String) {
    do {
      Issue.record("\(sections) gave \(try spaceTimesteps(100, sections: sections))")
    } catch { #expect(error.description.hasPrefix(message), "\(error)") }
  }

  @Test(arguments: [true, false], [1, 2, 3, 100, 1000])
  func anyNumberOfStepsWorks(isDDIM: Bool, total: Int) throws {
    for steps in 1...total {
      let kept = try timesteps(total, steps: steps, isDDIM: isDDIM)
      #expect(kept.count == steps)
      #expect(zip(kept, kept.dropFirst()).allSatisfy { $0 < $1 })
      #expect(kept[0] >= 0 && kept[steps - 1] < total)
    }
    #expect(try timesteps(total, steps: 1, isDDIM: isDDIM) == [total - 1])
    #expect(throws: SpacingError.tooMany(steps: total + 1, available: total, section: nil)) {
      try timesteps(total, steps: total + 1, isDDIM: isDDIM)
    }
  }

  @Test func ddimUsesTheOriginalsStrideWhereThereIsOne() throws {
    #expect(try timesteps(1000, steps: 50, isDDIM: true) == Array(stride(from: 0, to: 1000, by: 20)))
    // 30 of 1000 at stride 34; ⌊k · 1000 / 30⌋ would be 33, 66, 100, …
    #expect(try timesteps(1000, steps: 30, isDDIM: true) == Array(stride(from: 0, to: 1000, by: 34)))
    #expect(try timesteps(10, steps: 7, isDDIM: true) == [0, 1, 2, 4, 5, 7, 8])
  }
}
