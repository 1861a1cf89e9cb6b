-- 轻微: not published in principle (信用修复管理办法); 行政拘留 is never published by a district. Looks at this build's rows.
select record_id from {{ ref('mart_shuanggongshi__penalty') }}
where build_id = {{ var('build_id') }} and publication_state = 'published'
  and (severity_class = 'minor' or penalty_category like '%行政拘留%')
