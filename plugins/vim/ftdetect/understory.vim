" Prose that older editors do not know by name; setfiletype leaves a type that is set alone.
autocmd BufRead,BufNewFile *.fountain,*.spmd setfiletype fountain
autocmd BufRead,BufNewFile *.org setfiletype org
