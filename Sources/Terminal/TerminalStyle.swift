/// A way to show pictures on a terminal.
public enum TerminalStyle: Sendable, Equatable {
  /// As PNGs, by the graphics protocol of kitty.
  case kitty
  /// As PNGs, by the inline images of iTerm2.
  case iTerm
  /// As half blocks in 24-bit colours.
  case trueColour
  /// As half blocks in the 256 colours of xterm.
  case colours256
  /// As characters, denser ones for brighter places, without any colour.
  case characters

  /// What a terminal can show, by the variables that it and its user have set; nil if it cannot move its cursor.
  ///
  /// `NO_COLOR` (no-color.org) is honoured. Within tmux or screen, what the terminal around them can does not count.
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

  /// Whether the terminal itself fits pictures into the lines that they are to take.
  public var scalesPictures: Bool { self == .kitty || self == .iTerm }
}
