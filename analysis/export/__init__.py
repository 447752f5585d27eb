"""Take sweeps elsewhere: data frames, CSV and Parquet files, and Optuna's storages.

Import `frames` for data frames and `write` for files. `columns` gives table columns their types, `targets`
checks the names of the files before anything is read. `distributions` finds Optuna's distributions of a
sweep's parameters, `optuna_trials` makes Optuna's trials, and `optuna_files` writes its storages, those of
SQLite by `sqlite_rows`.
"""
