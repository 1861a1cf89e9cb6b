{{ config(materialized='incremental', incremental_strategy='append',
          meta={'grain': ['record_id'], 'takes_out': keys_of('int_records__changes', ['record_id'])},
          indexes=[{'columns': ['record_id'], 'unique': true}]) }}
-- Items a body has to publish (T01); those the law keeps from publication are none.
select
    c.record_id, c.unit_id, s.due_on,
    case when s.publication_state = '网上已公开' then coalesce(s.published_on, s.due_on) end as published_on
from {{ ref('int_records__current') }} c
join {{ ref('stg_disclosure_item') }} s on {{ same_row('s', 'c') }}
where {{ changed_records('c') }} and c.kind = 'disclosure_item' and c.state not in ('revoked', 'replaced')
    and s.publication_state <> '依法不予公开'
