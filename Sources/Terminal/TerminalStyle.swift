/// How pictures are shown on a terminal.
public enum TerminalStyle: Sendable, Equatable {
  /// As PNGs, by kitty's graphics protocol.
  case kitty
  /// As PNGs, by iTerm2's inline images.
  case iTerm
  /// As half blocks in 24-bit colour.
  case trueColour
  /// As half blocks in xterm's 256 colours.
  case colours256
  /// As characters, denser for brighter pixels, without colour.
  case characters

  /// What the terminal supports, judging by environment variables; nil if it cannot move its cursor.
  ///
  /// Honours `NO_COLOR` (no-color.org). Within tmux or screen, image protocols of the outer terminal do not work.
  public init?(environment: (String) -> String?) {
    func value(_ name: String) -> String { environment(name) ?? "" }
    let terminal = value("TERM")
    if terminal.isEmpty || terminal == "dumb" { return nil }
    let isWithin =
      ["TMUX", "STY"].contains { !value($0).isEmpty } || ["tmux", "screen"].contains(where: terminal.hasPrefix)
    if !value("NO_COLOR").isEmpty {
      self = .characters
    } else if !isWithin, !value("KITTY_WINDOW_ID").isEmpty || ["xterm-kitty", "xterm-ghostty"].contains(terminal) {
      self = .kitty
    } else if !isWithin, ["iTerm.app", "WezTerm"].contains(value("TERM_PROGRAM")) {
      self = .iTerm
    } else if ["truecolor", "24bit"].contains(value("COLORTERM")) {
      self = .trueColour
    } else if terminal.contains("256color") {
      self = .colours256
    } else {
      self = .characters
    }
  }

  /// Whether the terminal scales pictures to the given number of lines.
  public var scalesPictures: Bool { self == .kitty || self == .iTerm }
}
