SELECT class_no, CAST(class_no AS VARCHAR) || '. ' || name AS category FROM demand_class
