-- Areas in which a credit report or a review is required and used, with the first day (T20).
select area, first_on, evidence as record_id from {{ ref('report_area') }} where first_on is not null
