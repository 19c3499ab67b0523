" Ghost text for fiction writers, from a base language model on this machine.
" Loads nothing more until a buffer of prose is entered; :help understory.

if exists('g:loaded_understory') || &compatible
  finish
endif
let g:loaded_understory = 1

let s:works = has('nvim') ? has('nvim-0.7')
      \ : has('patch-9.0.0067') && has('textprop') && has('job') && has('timers')
if !s:works
  command! UnderstoryStatus echo 'Understory needs Vim 9.0.67 with +textprop, +job and +timers, or Neovim 0.7'
  finish
endif

command! -bar UnderstoryEnable call understory#switch(1, 'all')
command! -bar UnderstoryDisable call understory#switch(0, 'all')
command! -bar -nargs=? -complete=customlist,understory#scopes UnderstoryToggle call understory#toggle(<q-args>)
command! -bar UnderstoryStatus call understory#status#show()
command! -bar -nargs=? UnderstoryBranches call understory#branches#open(<q-args>)
command! -bar UnderstoryTree call understory#tree#open()

" An option of Vim's own is not touched, and no key outside buffers where Understory is on;
" these names are for mappings of your own.
inoremap <silent> <expr> <Plug>(understory-accept) understory#accept#keys('all')
inoremap <silent> <expr> <Plug>(understory-accept-word) understory#accept#keys('word')
inoremap <silent> <expr> <Plug>(understory-accept-sentence) understory#accept#keys('sentence')
inoremap <silent> <expr> <Plug>(understory-accept-line) understory#accept#keys('line')
inoremap <silent> <Plug>(understory-next) <Cmd>call understory#ghost#cycle(1)<CR>
inoremap <silent> <Plug>(understory-previous) <Cmd>call understory#ghost#cycle(-1)<CR>
inoremap <silent> <Plug>(understory-trigger) <Cmd>call understory#ghost#trigger()<CR>
inoremap <silent> <Plug>(understory-dismiss) <Cmd>call understory#ghost#dismiss()<CR>
inoremap <silent> <Plug>(understory-toggle) <Cmd>call understory#toggle('buffer')<CR>
nnoremap <silent> <Plug>(understory-toggle) <Cmd>call understory#toggle('buffer')<CR>
inoremap <silent> <Plug>(understory-toggle-all) <Cmd>call understory#toggle('all')<CR>
nnoremap <silent> <Plug>(understory-toggle-all) <Cmd>call understory#toggle('all')<CR>
nnoremap <silent> <Plug>(understory-branches) <Cmd>UnderstoryBranches<CR>
nnoremap <silent> <Plug>(understory-tree) <Cmd>UnderstoryTree<CR>

" Both groups have terminal colours of their own: Neovim's Comment has none since 0.10.
function! s:highlight() abort
  highlight default UnderstoryGhost ctermfg=244 guifg=#808080 cterm=NONE gui=italic
  highlight default UnderstoryInfo ctermfg=67 guifg=#5f87af cterm=NONE gui=NONE
endfunction
call s:highlight()

let s:prose = ['text', 'markdown', 'tex', 'plaintex', 'asciidoc', 'asciidoctor', 'rst', 'org',
      \ 'fountain', 'mail', 'gitcommit']

" Cheap, for it runs in every buffer: only prose, or a buffer that says so, loads the rest.
function! s:look() abort
  if exists('b:understory_enabled') || exists('b:understory_attached')
        \ || index(get(g:, 'understory_filetypes', s:prose), &filetype) >= 0
    call understory#refresh()
  endif
endfunction

augroup understory
  autocmd!
  autocmd FileType,BufEnter,InsertEnter * call s:look()
  autocmd ColorScheme * call s:highlight()
augroup END
