-- Each episode, and for one of care what the short breaks (V3, V4) around it do to it. Breaks never open or close a period of
-- care: care that breaks begin at the day it ends with X1, and that goes on the day they end, lasts until then (goes_on_until); care
-- that begins the day breaks end, without care before them, is a start (starts_after_breaks), whatever its RNE says.
WITH care AS (
  SELECT la, CHILD, DECOM, "DEC", REC,
         lead(DECOM) OVER (PARTITION BY la, CHILD ORDER BY DECOM) AS next_decom,
         lag("DEC") OVER (PARTITION BY la, CHILD ORDER BY DECOM) AS last_dec,
         lag(REC) OVER (PARTITION BY la, CHILD ORDER BY DECOM) AS last_rec
  FROM episodes WHERE coalesce(LS, '') NOT IN ('V3', 'V4')),
breaks AS (SELECT la, CHILD, DECOM, "DEC" FROM episodes WHERE LS IN ('V3', 'V4'))
SELECT e.*,
       CASE WHEN care.REC = 'X1' AND begun.CHILD IS NOT NULL AND resumed.CHILD IS NOT NULL THEN care.next_decom END AS goes_on_until,
       ended.CHILD IS NOT NULL AND NOT coalesce(care.last_rec = 'X1' AND left_for.CHILD IS NOT NULL, FALSE) AS starts_after_breaks
FROM episodes AS e
LEFT JOIN care ON care.la = e.la AND care.CHILD = e.CHILD AND care.DECOM = CASE WHEN coalesce(e.LS, '') NOT IN ('V3', 'V4') THEN e.DECOM END
LEFT JOIN breaks AS begun ON begun.la = care.la AND begun.CHILD = care.CHILD AND begun.DECOM = care."DEC"
LEFT JOIN breaks AS resumed ON resumed.la = care.la AND resumed.CHILD = care.CHILD AND resumed."DEC" = care.next_decom
LEFT JOIN breaks AS ended ON ended.la = care.la AND ended.CHILD = care.CHILD AND ended."DEC" = care.DECOM
LEFT JOIN breaks AS left_for ON left_for.la = care.la AND left_for.CHILD = care.CHILD AND left_for.DECOM = care.last_dec
