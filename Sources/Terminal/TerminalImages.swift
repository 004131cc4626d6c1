import DiffusionBytes

/// A PNG for kitty's graphics protocol (sw.kovidgoyal.net/kitty/graphics-protocol), in chunks of 4096
/// characters, scaled to `columns` × `lines` cells. The cursor does not move. Replies are turned off, as
/// they would end up as shell input.
func kittyImage(_ png: [UInt8], columns: Int, lines: Int, id: Int) -> String {
  let text = Array(base64(png).utf8)
  var image = ""
  for begin in stride(from: 0, to: text.count, by: 4096) {
    let end = min(begin + 4096, text.count)
    let keys = begin == 0 ? "a=T,f=100,i=\(id),c=\(columns),r=\(lines),C=1," : ""
    image +=
      "\u{1B}_G\(keys)q=2,m=\(end < text.count ? 1 : 0);\(String(decoding: text[begin..<end], as: UTF8.self))\u{1B}\\"
  }
  return image
}

/// A PNG for iTerm2's inline images (iterm2.com/documentation-images.html), scaled to `columns` × `lines` cells.
func iTermImage(_ png: [UInt8], columns: Int, lines: Int) -> String {
  "\u{1B}]1337;File=inline=1;size=\(png.count);width=\(columns);height=\(lines):\(base64(png))\u{07}"
}
