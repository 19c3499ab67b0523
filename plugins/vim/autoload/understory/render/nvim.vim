" Neovim: one extmark. From 0.10 inline virtual text, which wraps and moves the rest of the line;
" before, text laid over the line, which has to bring the rest of the line along and to be cut
" into screen lines here.

let s:namespace = nvim_create_namespace('understory')
let s:inline = has('nvim-0.10')
let s:mark = 1

function! understory#render#nvim#show(text, info) abort
  let l:lines = understory#render#lines(a:text)
  let l:ghost = s:inline ? s:inline_mark(l:lines, a:info) : s:overlay_mark(l:lines, a:info)
  call nvim_buf_set_extmark(0, s:namespace, line('.') - 1, col('.') - 1,
        \ extend(l:ghost, #{id: s:mark, hl_mode: 'combine'}))
endfunction

function! understory#render#nvim#hide(buffer, lnum) abort
  if bufloaded(a:buffer)
    call nvim_buf_del_extmark(a:buffer, s:namespace, s:mark)
  endif
endfunction

function! s:inline_mark(lines, info) abort
  let l:below = map(a:lines[1:], {_, line -> [[line, 'UnderstoryGhost']]})
  let l:text = [[a:lines[0], 'UnderstoryGhost']]
  if !empty(a:info)
    call add(empty(l:below) && col('.') == col('$') ? l:text : s:last(l:below, l:text),
          \ ['  ' .. a:info, 'UnderstoryInfo'])
  endif
  return #{virt_text: l:text, virt_text_pos: 'inline', virt_lines: l:below}
endfunction

function! s:last(below, text) abort
  return empty(a:below) ? a:text : a:below[-1]
endfunction

function! s:overlay_mark(lines, info) abort
  let l:after = strpart(getline('.'), col('.') - 1)
  let l:chunks = map(copy(a:lines), {_, line -> [[line, 'UnderstoryGhost']]})
  if !empty(l:after)
    let l:tail = substitute(l:after, "\t", repeat(' ', &tabstop), 'g')
    call add(l:chunks[0], [l:tail, 'Normal'])
  endif
  if !empty(a:info)
    call add(l:chunks[-1], ['  ' .. a:info, 'UnderstoryInfo'])
  endif
  let l:width = winwidth(0) - getwininfo(win_getid())[0].textoff
  let l:start = &wrap ? (virtcol('.') - 1) % l:width : virtcol('.') - 1 - winsaveview().leftcol
  let l:screen = s:wrap(l:chunks[0], l:width - l:start, l:width)
  for l:line in l:chunks[1:]
    let l:screen += s:wrap(l:line, l:width, l:width)
  endfor
  return #{virt_text: l:screen[0], virt_text_pos: 'overlay', virt_lines: l:screen[1:]}
endfunction

" Chunks of one line as screen lines: the first of `first` columns, the others of `width`.
function! s:wrap(chunks, first, width) abort
  let l:lines = [[]]
  let l:room = a:first
  for [l:text, l:group] in a:chunks
    let l:part = ''
    for l:char in split(l:text, '\zs')
      let l:cells = strdisplaywidth(l:char)
      if l:cells > l:room
        call add(l:lines[-1], [l:part, l:group])
        call add(l:lines, [])
        let [l:part, l:room] = ['', a:width]
      endif
      let l:part ..= l:char
      let l:room -= l:cells
    endfor
    call add(l:lines[-1], [l:part, l:group])
  endfor
  return l:lines
endfunction
