" What can be configured: b:understory_NAME, else g:understory_NAME, else the value here.

scriptencoding utf-8

let s:defaults = #{
      \ enabled: 1,
      \ filetypes: ['text', 'markdown', 'tex', 'plaintex', 'asciidoc', 'asciidoctor', 'rst',
      \             'org', 'fountain', 'mail', 'gitcommit'],
      \ command: 'understory',
      \ socket: '',
      \ model: '',
      \ device: '',
      \ delay_ms: 60,
      \ max_delay_ms: 1500,
      \ max_tokens: 40,
      \ until: 'paragraph',
      \ alternatives: 4,
      \ branches: 4,
      \ branch_tokens: 120,
      \ params: {},
      \ notes: '',
      \ notes_file: '',
      \ lorebook: [],
      \ keys: {},
      \ }

" Alt keys exist only where the editor can tell them from letters: in a terminal Vim <M-\> is
" the letter Ü.
let s:keys = #{
      \ accept: ['<Tab>'],
      \ accept_word: ['<C-Right>'],
      \ accept_sentence: ['<C-Down>'],
      \ accept_line: ['<S-Tab>'],
      \ next: has('nvim') || has('gui_running') ? ['<C-Up>', '<M-]>'] : ['<C-Up>'],
      \ previous: has('nvim') || has('gui_running') ? ['<M-[>'] : [],
      \ trigger: has('nvim') || has('gui_running') ? ['<M-\>'] : [],
      \ dismiss: ['<C-E>'],
      \ }

function! understory#config#get(name) abort
  let l:name = 'understory_' .. a:name
  return get(b:, l:name, get(g:, l:name, s:defaults[a:name]))
endfunction

" Of one buffer, which may not be the current one.
function! understory#config#of(buffer, name) abort
  let l:name = 'understory_' .. a:name
  let l:own = getbufvar(a:buffer, l:name, v:null)
  return l:own isnot v:null ? l:own : get(g:, l:name, s:defaults[a:name])
endfunction

" Action to list of keys. g:understory_keys replaces single entries: a key, a list or ''.
function! understory#config#keys() abort
  let l:keys = copy(s:keys)
  for [l:action, l:wanted] in items(understory#config#get('keys'))
    let l:keys[l:action] = type(l:wanted) == v:t_list ? l:wanted
          \ : empty(l:wanted) ? [] : [l:wanted]
  endfor
  return l:keys
endfunction

" The program as a list, or [] where there is none: the configured one, or the one that was built
" in the repository, or installed, with this plugin.
function! understory#config#program() abort
  let l:command = understory#config#get('command')
  let l:list = type(l:command) == v:t_list ? copy(l:command) : [expand(l:command)]
  if executable(l:list[0])
    return l:list
  endif
  if l:list ==# ['understory']
    for l:place in ['/../../build/release/bin/', '/../../../bin/']
      if executable(s:root .. l:place .. 'understory')
        return [simplify(s:root .. l:place .. 'understory')]
      endif
    endfor
  endif
  return []
endfunction

function! understory#config#daemon_arguments() abort
  let l:arguments = []
  for l:name in ['socket', 'model', 'device']
    let l:value = understory#config#get(l:name)
    if !empty(l:value)
      let l:arguments += ['--' .. l:name, l:name ==# 'device' ? l:value : fnamemodify(l:value, ':p')]
    endif
  endfor
  return l:arguments
endfunction

" Through links: a package is often one.
let s:root = fnamemodify(resolve(expand('<sfile>:p')), ':h:h:h')
