" What the renderers share.

" The suggestion as lines for the screen: tabs as spaces, control characters made visible.
function! understory#render#lines(text) abort
  let l:text = substitute(a:text, "\t", repeat(' ', &tabstop), 'g')
  return map(split(l:text, "\n", 1), {_, line -> substitute(line, '[[:cntrl:]]', '\=strtrans(submatch(0))', 'g')})
endfunction
