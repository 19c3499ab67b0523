" Vim: text properties with virtual text, inline at the cursor and below its line.

call prop_type_add('UnderstoryGhost', #{highlight: 'UnderstoryGhost', combine: 0})
call prop_type_add('UnderstoryInfo', #{highlight: 'UnderstoryInfo', combine: 0})

function! understory#render#vim#show(text, info) abort
  call understory#render#vim#hide(bufnr(), line('.'))
  let [l:lnum, l:col] = [line('.'), col('.')]
  let l:lines = understory#render#lines(a:text)
  if !empty(l:lines[0])
    call prop_add(l:lnum, l:col, #{type: 'UnderstoryGhost', text: l:lines[0]})
  endif
  for l:line in l:lines[1:]
    call prop_add(l:lnum, 0, #{type: 'UnderstoryGhost', text: empty(l:line) ? ' ' : l:line,
          \ text_align: 'below', text_wrap: 'wrap'})
  endfor
  if !empty(a:info)
    call prop_add(l:lnum, 0, #{type: 'UnderstoryInfo', text: a:info, text_align: 'after',
          \ text_padding_left: 2})
  endif
endfunction

" Lines may have come or gone since it was shown at `lnum`.
function! understory#render#vim#hide(buffer, lnum) abort
  if !bufloaded(a:buffer)
    return
  endif
  let l:last = a:buffer == bufnr() ? line('$') : getbufinfo(a:buffer)[0].linecount
  let l:here = a:buffer == bufnr() ? line('.') : a:lnum
  let l:from = max([min([a:lnum, l:here]) - 1, 1])
  let l:to = min([max([a:lnum, l:here]) + 1, l:last])
  if l:from <= l:to
    call prop_remove(#{types: ['UnderstoryGhost', 'UnderstoryInfo'], bufnr: a:buffer, all: 1}, l:from, l:to)
  endif
endfunction
