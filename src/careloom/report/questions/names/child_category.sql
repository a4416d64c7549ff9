SELECT k.person_id AS person_id, k.episode_id AS episode_id, k.assessed_on AS assessed_on, k.class_no AS class_no, c.category AS category
FROM class_of AS k
JOIN category AS c ON c.class_no = k.class_no
QUALIFY row_number() OVER (PARTITION BY k.person_id ORDER BY k.assessed_on DESC, k.assessment_id DESC) = 1
