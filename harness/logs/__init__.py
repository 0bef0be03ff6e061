"""Production logs at scale: every row judged, rates by model, version, day and any column, in constant memory.

Files become chunks (`chunks`), a pure function judges a chunk (`chunk_scoring`), a folder keeps what is done
(`out_folder`), and all cores (`processes`) or a Ray cluster (`ray_data`) carry the chunks. Who carries them changes no
byte of the result.
"""
