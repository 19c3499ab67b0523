" Neovim: one extmark. From 0.10 inline virtual text, which wraps and moves the rest of the line;
" before, text laid over the line, which has to bring the rest of the line along and to be cut
" into screen lines here. Virtual lines below are never wrapped by Neovim.

let s:namespace = nvim_create_namespace('understory')
let s:inline = has('nvim-0.10')
let s:mark = 1

function! understory#render#nvim#show(text, info) abort
  let l:lines = understory#render#lines(a:text)
  let l:mark = s:inline ? s:inline_mark(l:lines, a:info) : s:overlay_mark(l:lines, a:info)
  call nvim_buf_set_extmark(0, s:namespace, line('.') - 1, col('.') - 1,
        \ extend(l:mark, #{id: s:mark, hl_mode: 'combine'}))
endfunction

function! understory#render#nvim#hide(buffer, lnum) abort
  if bufloaded(a:buffer)
    call nvim_buf_del_extmark(a:buffer, s:namespace, s:mark)
  endif
endfunction

function! s:inline_mark(lines, info) abort
  let l:text = [[a:lines[0], 'UnderstoryGhost']]
  let l:below = s:below(a:lines[1:])
  if !empty(a:info) && empty(l:below)
    call add(l:text, ['  ' .. a:info, 'UnderstoryInfo'])
  elseif !empty(a:info)
    call s:add_info(l:below, a:info, understory#render#width())
  endif
  return #{virt_text: l:text, virt_text_pos: 'inline', virt_lines: l:below}
endfunction

function! s:overlay_mark(lines, info) abort
  let l:width = understory#render#width()
  let l:first = l:width - understory#render#column()
  let l:screen = map(understory#render#cut(a:lines[0], l:first, l:width), {_, piece -> [[piece, 'UnderstoryGhost']]})
  let l:after = substitute(strpart(getline('.'), col('.') - 1), "\t", repeat(' ', &tabstop), 'g')
  if !empty(l:after)
    let l:used = strwidth(l:screen[-1][0][0])
    let l:pieces = understory#render#cut(l:after, (len(l:screen) == 1 ? l:first : l:width) - l:used, l:width)
    call add(l:screen[-1], [l:pieces[0], 'Normal'])
    let l:screen += map(l:pieces[1:], {_, piece -> [[piece, 'Normal']]})
  endif
  let l:screen += s:below(a:lines[1:])
  if !empty(a:info)
    call s:add_info(l:screen, a:info, len(l:screen) == 1 ? l:first : l:width)
  endif
  return #{virt_text: l:screen[0], virt_text_pos: 'overlay', virt_lines: l:screen[1:]}
endfunction

" After the last screen line, or below it where that has no room left.
function! s:add_info(screen, info, width) abort
  let l:used = strwidth(join(map(copy(a:screen[-1]), {_, chunk -> chunk[0]}), ''))
  if l:used + 2 + strwidth(a:info) > a:width
    call add(a:screen, [])
  endif
  call add(a:screen[-1], ['  ' .. a:info, 'UnderstoryInfo'])
endfunction

function! s:below(lines) abort
  let l:width = understory#render#width()
  let l:out = []
  for l:line in a:lines
    let l:out += map(understory#render#cut(l:line, l:width, l:width), {_, piece -> [[piece, 'UnderstoryGhost']]})
  endfor
  return l:out
endfunction
