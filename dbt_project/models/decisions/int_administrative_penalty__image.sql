{{ config(indexes=[{'columns': ['record_id'], 'unique': true}]) }}
-- The decision's image with its severity class and the end of publication the law allows (信用修复管理办法).
with image as (
    {{ decision_images('administrative_penalty', '处罚') }}
)
select
    image.*, class.severity_class, class.published as publishable, term.publication_until,
    case when not class.published then 'not_published'
         when term.publication_until < cast('{{ var("business_date") }}' as date) then 'expired'
         else 'published' end as publication_state
from image
join {{ ref('int_administrative_penalty__severity') }} class on class.penalty_category = image.penalty_category
cross join lateral (select {{ publication_end('image', 'class') }} as publication_until) term
