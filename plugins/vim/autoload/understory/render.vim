" What the renderers share.

" The suggestion as lines for the screen: tabs as spaces, control characters made visible, and
" with 'linebreak' no word cut by the window's edge.
function! understory#render#lines(text) abort
  let l:lines = split(a:text, "\n", 1)
  if a:text =~# '[\x01-\x09\x0b-\x1f\x7f]'
    call map(l:lines, {_, line -> substitute(substitute(line, "\t", repeat(' ', &tabstop), 'g'),
          \ '[[:cntrl:]]', '\=strtrans(submatch(0))', 'g')})
  endif
  if &wrap && &linebreak && col('.') == col('$')
    let l:width = understory#render#width()
    let l:lines[0] = s:unbroken(l:lines[0], understory#render#column(), l:width)
    call map(l:lines, {i, line -> i == 0 ? line : s:unbroken(line, 0, l:width)})
  endif
  return l:lines
endfunction

" Columns of a screen line for text.
function! understory#render#width() abort
  return winwidth(0) - getwininfo(win_getid())[0].textoff
endfunction

" Where in its screen line the cursor is, from 0.
function! understory#render#column() abort
  return &wrap ? (virtcol('.') - 1) % understory#render#width() : virtcol('.') - 1 - winsaveview().leftcol
endfunction

" With blanks before each word that would be cut.
function! s:unbroken(line, start, width) abort
  if a:start + strwidth(a:line) <= a:width
    return a:line
  endif
  let [l:out, l:at] = ['', a:start]
  for l:word in split(a:line, '\s\zs\ze\S')
    let l:bare = strwidth(substitute(l:word, '\s\+$', '', ''))
    if l:at + l:bare > a:width && l:bare <= a:width
      let l:out ..= repeat(' ', a:width - l:at)
      let l:at = 0
    endif
    let l:out ..= l:word
    let l:at = (l:at + strwidth(l:word)) % a:width
  endfor
  return l:out
endfunction

" The line in pieces of at most `first`, then `width` columns.
function! understory#render#cut(line, first, width) abort
  let l:cells = strwidth(a:line)
  if l:cells <= a:first
    return [a:line]
  elseif l:cells == strchars(a:line)
    return [strcharpart(a:line, 0, a:first)] + understory#render#cut(strcharpart(a:line, a:first), a:width, a:width)
  endif
  let [l:pieces, l:room] = [[''], a:first]
  for l:char in split(a:line, '\zs')
    let l:cells = strwidth(l:char)
    if l:cells > l:room
      call add(l:pieces, '')
      let l:room = a:width
    endif
    let l:pieces[-1] ..= l:char
    let l:room -= l:cells
  endfor
  return l:pieces
endfunction
