-- Items a body has to publish (T01); those the law keeps from publication are none.
select
    c.record_id, c.unit_id, s.due_on,
    case when s.publication_state = '网上已公开' then coalesce(s.published_on, s.due_on) end as published_on
from {{ ref('int_records__current') }} c
join {{ ref('stg_disclosure_item') }} s
  on s.record_id = c.record_id and s.batch_seq = c.batch_seq and s.attempt = c.attempt and s.row_no = c.row_no
where c.kind = 'disclosure_item' and c.state not in ('revoked', 'replaced') and s.publication_state <> '依法不予公开'
