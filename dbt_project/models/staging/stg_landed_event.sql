{{ config(materialized='view') }}
-- Which document every landed event speaks of, those of attempts that a replay took back too: what they told is told no
-- more.
select batch_seq, attempt, decision_table, decision_no, authority_uscc from {{ source('raw', 'decision_event') }}
