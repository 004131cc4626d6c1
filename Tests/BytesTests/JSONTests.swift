import DiffusionBytes
import Testing

/// JSON that is nested too deep.
struct JSONTests {
  private func decode(_ text: String) throws -> [String: String] {
    try decodeJSON([String: String].self, from: text.utf8)
  }

  /// Any number of them, including the one at which Foundation's decoder traps.
  @Test(arguments: ["[", "{\"a\":"]) func bracketsWithoutEnd(_ open: String) {
    for count in [1, 64, 65, 511, 512, 513, 514, 1024, 100_000] {
      #expect(throws: DecodingError.self, "\(count)") { try decode(String(repeating: open, count: count)) }
    }
  }

  @Test func bracketsInStringsAreNone() throws {
    let brackets = String(repeating: "[", count: 1000)
    #expect(try decode("{\"a\": \"\(brackets)\"}") == ["a": brackets])
    #expect(try decode("{\"a\": \"\\\"\(brackets)\\\\\"}") == ["a": "\"\(brackets)\\"])
  }
}
