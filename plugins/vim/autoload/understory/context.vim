" The text around the cursor, as much of it as the model can see. What it costs does not grow
" with the file.

" Always enough to fill a context (PROTOCOL.md, "Long documents"); the daemon drops the rest.
let s:bytes_per_token = 8
let s:max_bytes = 500000
let s:max_line_bytes = 1000000

" A line so long that only looking at it would be felt.
function! understory#context#is_hopeless() abort
  return col('$') > s:max_line_bytes
endfunction

" At the cursor: {prefix, offset, suffix, after, notes, lorebook}; `offset` is how many bytes of the document
" are before `prefix`, `after` the rest of the cursor's line.
function! understory#context#gather() abort
  return understory#context#gather_at(line('.'), col('.') - 1)
endfunction

" The same where `bytes` bytes of line `lnum` are before the cursor.
function! understory#context#gather_at(lnum, bytes) abort
  let l:limit = min([understory#daemon#context_tokens() * s:bytes_per_token, s:max_bytes])
  let l:line = getline(a:lnum)
  let l:after = strpart(l:line, a:bytes)
  let l:before = s:before(a:lnum, strpart(l:line, 0, a:bytes), l:limit)
  return #{prefix: l:before, offset: max([line2byte(a:lnum) - 1 + a:bytes - len(l:before), 0]), after: l:after,
        \ suffix: s:suffix(a:lnum, l:after, l:limit / 8), notes: s:notes(),
        \ lorebook: understory#config#get('lorebook')}
endfunction

" What `complete` is told of a context.
function! understory#context#params(context) abort
  let l:params = #{prefix: a:context.prefix, prefix_offset: a:context.offset}
  if a:context.suffix =~# '\S'
    let l:params.suffix = a:context.suffix
  endif
  if !empty(a:context.notes)
    let l:params.notes = a:context.notes
  endif
  if !empty(a:context.lorebook)
    let l:params.lorebook = a:context.lorebook
  endif
  return l:params
endfunction

" The start moves in steps of a quarter of the limit, so that from key to key the daemon sees
" the same text with a little more at its end.
function! s:before(lnum, line, limit) abort
  let l:step = max([a:limit / 4, 1])
  let l:total = line2byte(a:lnum) - 1 + len(a:line)
  if l:total <= a:limit
    return join(getline(1, a:lnum - 1) + [a:line], "\n")
  endif
  let l:dropped = (l:total - a:limit + l:step - 1) / l:step * l:step
  let l:first = byte2line(l:dropped + 1) + 1
  if l:first <= a:lnum
    return join(getline(l:first, a:lnum - 1) + [a:line], "\n")
  endif
  " The cursor's paragraph alone is longer than that: from a word on.
  let l:offset = max([l:dropped - (line2byte(a:lnum) - 1), 0])
  let l:space = match(a:line, '\s', l:offset)
  return strpart(a:line, l:space < 0 ? l:offset : l:space + 1)
endfunction

function! s:suffix(lnum, after, limit) abort
  let l:lines = [strpart(a:after, 0, a:limit)]
  let l:bytes = len(l:lines[0])
  let l:next = a:lnum + 1
  while l:bytes < a:limit && l:next <= line('$') && l:next <= a:lnum + 50
    call add(l:lines, strpart(getline(l:next), 0, a:limit))
    let l:bytes += len(l:lines[-1]) + 1
    let l:next += 1
  endwhile
  return join(l:lines, "\n")
endfunction

" The writer's notes: b:understory_notes (or g:), a text or lines, and a file of them.
function! s:notes() abort
  let l:notes = understory#config#get('notes')
  let l:parts = [type(l:notes) == v:t_list ? join(l:notes, "\n") : l:notes,
        \ s:file(understory#config#get('notes_file'))]
  return join(filter(l:parts, '!empty(v:val)'), "\n")
endfunction

let s:files = {}

" Read again only when it has changed. A relative name is beside the document.
function! s:file(name) abort
  if empty(a:name)
    return ''
  endif
  let l:path = a:name =~# '^[/~]' ? expand(a:name) : expand('%:p:h') .. '/' .. a:name
  let l:stamp = [getftime(l:path), getfsize(l:path)]
  if get(get(s:files, l:path, #{stamp: []}), 'stamp') != l:stamp
    let l:text = filereadable(l:path) ? join(readfile(l:path), "\n") : ''
    let s:files[l:path] = #{stamp: l:stamp, text: l:text}
  endif
  return s:files[l:path].text
endfunction
