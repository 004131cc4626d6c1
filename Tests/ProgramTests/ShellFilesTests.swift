import Foundation
import Testing

/// The commands that print files for shells and for `man`.
struct ShellFilesTests: RunsSample {
  let folder: URL

  init() throws { folder = try temporaryFolder() }

  @Test func theManPageCarriesTheVersion() throws {
    defer { cleanUp() }
    let version = String(decoding: try run("--version").output, as: UTF8.self).dropLast()
    let result = try run("man")
    #expect(result.status == 0 && result.errors.isEmpty)
    #expect(String(decoding: result.output, as: UTF8.self).hasPrefix(".TH SAMPLE 1 \"\" \"\(version)\""))
  }

  @Test(arguments: ["bash", "zsh", "fish"])
  func completionsArePrinted(shell: String) throws {
    defer { cleanUp() }
    let result = try run("completions \(shell)")
    #expect(result.status == 0 && result.errors.isEmpty)
    #expect(String(decoding: result.output, as: UTF8.self).contains("sample completions \(shell)\n"))
  }

  @Test func anUnknownShellIsAnError() throws {
    defer { cleanUp() }
    let result = try run("completions tcsh")
    #expect(result.status == 64)
    #expect(
      result.errors == "sample: there are no completions for \"tcsh\"; type sample completions bash, zsh or fish\n")
  }
}
